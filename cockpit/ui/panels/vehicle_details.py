"""Beside the drawn car: instruments, what has no place on it, and the controls of one thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from cockpit.ui.panels.canvas import Canvas, Ink, Palette, mix
from cockpit.ui.panels.vehicle_drawing import Area
from cockpit.ui.panels.vehicle_hand import Order, Stage
from cockpit.ui.panels.vehicle_things import (
    BATTERY,
    BRAKE,
    GEAR,
    GEARS,
    HVAC,
    PARK,
    Control,
    Form,
    Thing,
)

if TYPE_CHECKING:
    from vehicle_bus.catalogue import Value

CHIPS: Final = (
    ("drive", "Drive"),
    ("battery", "Battery"),
    ("air", "Air"),
    ("sound", "Sound"),
    ("other", "Other"),
)
"""Things that are drawn as words."""
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
_BAR: Final = 10
_SHORT_BAR: Final = 6
_LABEL: Final = 12
_FEW: Final = 15.0
"""State of charge in percent from which the battery looks low."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A control where it was drawn; the bar is what a click on it sets."""

    area: Area
    index: int
    bar: Area | None = None


@dataclass(slots=True)
class Details:
    """Draws the column beside the car once.

    Attributes:
        x, y, width, height: where on the canvas.
        values: of the signals that are known.
        unknown: why others are not.
        orders: what was asked for, by path.
        things: of this car, by name.
        selected: name of the thing whose controls are shown.
        current: index of the control that the keys change.
        focused: the keys do change it.
        areas: filled: where things are.
        spots: filled: where controls are.
        links: filled: where else a thing is named.
    """

    canvas: Canvas
    palette: Palette
    x: int
    y: int
    width: int
    height: int
    values: Mapping[str, Value]
    unknown: Mapping[str, str]
    orders: Mapping[str, Order]
    things: Mapping[str, Thing]
    selected: str
    current: int
    focused: bool
    areas: dict[str, Area] = field(default_factory=dict)
    spots: list[Spot] = field(default_factory=list)
    links: list[tuple[Area, str]] = field(default_factory=list)

    def draw(self) -> None:
        """Draw everything."""
        y = self._instruments(self.y)
        y = self._chips(y)
        self.canvas.put(self.x, y, "─" * self.width, Ink(self.palette.line))
        self._thing(y + 1)

    def _number(self, path: str) -> float | None:
        value = self.values.get(path)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return float(value)

    # Instruments.

    def _instruments(self, y: int) -> int:
        canvas, palette = self.canvas, self.palette
        end = self.x + self.width
        speed = self._number("Vehicle.Speed")
        at = canvas.put(self.x, y, "–" if speed is None else f"{speed:.0f}", Ink(bold=True))
        at = canvas.put(at, y, " km/h", Ink(palette.faint))
        at = self._gear(at + 1, y)
        outside = self._number("Vehicle.Exterior.AirTemperature")
        cabin = self._number(f"{HVAC}.AmbientAirTemperature")
        temperatures = [
            (f"{value:.0f}°", word)
            for value, word in ((cabin, "in"), (outside, "out"))
            if value is not None
        ]
        for text, word in reversed(temperatures):
            begins = end - len(text) - len(word) - 1
            if begins <= at + 1:
                break
            canvas.put(
                canvas.put(begins, y, text, Ink(bold=True)), y, f" {word}", Ink(palette.faint)
            )
            end = begins - 2
        return self._battery(y + 1)

    def _gear(self, x: int, y: int) -> int:
        gear, palette = self.values.get(GEAR), self.palette
        if isinstance(gear, int):
            parked = gear == PARK
            ink = Ink(palette.faint if parked else palette.success, bold=True)
            x = self.canvas.put(x, y, GEARS.get(gear, f"{gear}"), ink)
        if self.values.get(BRAKE) is True:
            x = self.canvas.put(x, y, " brake", Ink(palette.error))
        return x

    def _battery(self, y: int) -> int:
        canvas, palette = self.canvas, self.palette
        charge = self._number(f"{BATTERY}.StateOfCharge.Current")
        left = self._number(f"{BATTERY}.Range")
        words = [f"{charge:.0f} %" if charge is not None else "– %"]
        if left is not None:
            words.append(f"{left / 1000:.0f} km")
        text = "  ".join(words)
        room = min(24, self.width - len(text) - 2)
        at = self.x
        if room >= 5 and charge is not None:
            charging = self.values.get(f"{BATTERY}.Charging.IsCharging") is True
            low = charge <= _FEW
            ink = palette.error if low else palette.success
            self._bar(at, y, room, charge / 100, Ink(ink))
            limit = self._number(f"{BATTERY}.Charging.ChargeLimit")
            if limit is not None and limit > charge:
                canvas.put(
                    at + min(room - 1, round(room * limit / 100)), y, "┆", Ink(palette.faint)
                )
            at += room + 1
            if charging:
                canvas.put(at - 1, y, "↯", Ink(palette.success, bold=True))
        canvas.put(at, y, text, Ink(bold=True))
        return y + 1

    def _bar(self, x: int, y: int, width: int, share: float, ink: Ink) -> None:
        eighths = round(min(1.0, max(0.0, share)) * width * 8)
        full, rest = divmod(eighths, 8)
        back = mix(self.palette.text, self.palette.ground, 0.86)
        self.canvas.fill(x, y, width, 1, back)
        text = "█" * full + (_EIGHTHS[rest] if rest else "")
        self.canvas.put(x, y, text, Ink(ink.fore, back))

    # Words to choose.

    def _chips(self, y: int) -> int:
        palette, x = self.palette, self.x
        for name, word in CHIPS:
            if name not in self.things:
                continue
            text = f" {word} "
            if x > self.x and x + len(text) > self.x + self.width:
                x, y = self.x, y + 1
            chosen = name == self.selected
            ink = (
                Ink(palette.cursor_text, palette.cursor)
                if chosen
                else Ink(self._chip(name), palette.raised)
            )
            self.canvas.put(x, y, text, ink)
            self.areas[name] = Area(x, y, len(text), 1)
            x += len(text) + 1
        return y + 1

    def _chip(self, name: str) -> str:
        """What is on is bright."""
        on = {
            "air": self.values.get(f"{HVAC}.IsAirConditioningActive") is True,
            "drive": (self._number("Vehicle.Speed") or 0) >= 1,
            "battery": self.values.get(f"{BATTERY}.Charging.IsCharging") is True,
            "sound": self.values.get("Vehicle.Cabin.Infotainment.Media.Action") == "PLAY",
        }.get(name, False)
        return self.palette.success if on else self.palette.text

    # One thing.

    def _thing(self, y: int) -> None:
        thing = self.things.get(self.selected)
        if thing is None:
            return
        canvas, palette = self.canvas, self.palette
        canvas.put(self.x, y, thing.title[: self.width], Ink(palette.primary, bold=True))
        y += 1
        below = self.y + self.height
        why = self._why(thing)
        lines = wrap(why, self.width)[: max(0, below - y - 1)] if why else []
        room = below - y - len(lines)
        first = 0
        if len(thing.controls) > room:  # what is chosen stays in sight
            first = min(max(0, self.current - room // 2), len(thing.controls) - room)
        for index, control in enumerate(thing.controls[first : first + room], first):
            self._control(y, index, control)
            y += 1
        y = self._facts(thing, y, below - len(lines))
        refused = any(order.stage is Stage.REFUSED for order in self._orders(thing))
        for line in lines:
            canvas.put(self.x, y, line, Ink(palette.error if refused else palette.faint))
            y += 1
        self._active(y + 1)

    def _active(self, y: int) -> None:
        """What is open or on, in the room that is left."""
        canvas, palette = self.canvas, self.palette
        room = self.y + self.height - y - 1
        found = [
            (thing.name, text)
            for thing in self.things.values()
            for control in thing.controls
            if (text := _active(thing, control, self.values.get(control.path)))
        ]
        if not found or room < 1:
            return
        canvas.put(self.x, y, "Open and on", Ink(palette.faint, bold=True))
        shown = found if len(found) <= room else found[: room - 1]
        for at, (name, text) in enumerate(shown, y + 1):
            ink = Ink(palette.text if name == self.selected else palette.faint)
            canvas.put(self.x, at, text[: self.width], ink)
            self.links.append((Area(self.x, at, self.width, 1), name))
        if len(shown) < len(found):
            more = f"and {len(found) - len(shown)} more"
            canvas.put(self.x, y + 1 + len(shown), more, Ink(palette.faint))

    def _orders(self, thing: Thing) -> Sequence[Order]:
        found = (self.orders.get(control.path) for control in thing.controls)
        return [order for order in found if order is not None]

    def _why(self, thing: Thing) -> str:
        """What there is to say: why something was refused, or is not known."""
        refused = [order for order in self._orders(thing) if order.stage is Stage.REFUSED]
        if refused:
            return max(refused, key=lambda order: order.at).why
        return next((self.unknown[path] for path in thing.paths if path in self.unknown), "")

    def _control(self, y: int, index: int, control: Control) -> None:
        canvas, palette = self.canvas, self.palette
        chosen = index == self.current
        area = Area(self.x, y, self.width, 1)
        if chosen:
            ground = palette.cursor if self.focused else palette.raised
            canvas.fill(self.x, y, self.width, 1, ground)
        over = palette.cursor_text if chosen and self.focused else None
        label = _LABEL if self.width >= 30 else 10
        canvas.put(self.x, y, control.label[: label - 1], Ink(over or palette.text))
        value, order = self.values.get(control.path), self.orders.get(control.path)
        x = self.x + label
        bar = None
        bounded = control.form is Form.LEVEL and control.low is not None
        if bounded and control.high is not None and self.width >= 28:
            bar = Area(x, y, _BAR if self.width >= 36 else _SHORT_BAR, 1)
            self._slider(bar, control, value, order)
            x += bar.width + 1
        elif control.form is Form.SWITCH and value is not None:
            knob = "━●" if value else "○━"
            x = (
                canvas.put(x, y, knob, Ink(over or (palette.success if value else palette.faint)))
                + 1
            )
        if control.form is Form.TEXT and isinstance(value, str) and value.startswith("#"):
            x = canvas.put(x, y, "██ ", Ink(value.lower()[:7] if len(value) == 7 else None))
        x = canvas.put(x, y, control.show(value), Ink(over or palette.text, bold=True))
        if order is not None:
            self._order(x + 1, y, control, value, order, over)
        self.spots.append(Spot(area, index, bar))

    def _slider(
        self, bar: Area, control: Control, value: Value | None, order: Order | None
    ) -> None:
        assert control.low is not None
        assert control.high is not None
        span = control.high - control.low

        def share(of: Value | None) -> float | None:
            if isinstance(of, bool) or not isinstance(of, int | float) or not span:
                return None
            return (of - control.low) / span  # type: ignore[operator]

        now = share(value)
        ink = Ink(self.palette.primary)
        if control.low < 0 < control.high:
            self._centred(bar, (now if now is not None else 0.5), ink)
        else:
            self._bar(bar.x, bar.y, bar.width, now or 0.0, ink)
        goal = share(order.wanted) if order is not None and order.open else None
        if goal is not None:
            at = bar.x + min(bar.width - 1, int(goal * bar.width))
            self.canvas.put(at, bar.y, "│", Ink(self.palette.warning, bold=True))

    def _centred(self, bar: Area, share: float, ink: Ink) -> None:
        """A bar from the middle: heating to the right, cooling to the left."""
        self._bar(bar.x, bar.y, bar.width, 0.0, ink)
        middle = bar.width // 2
        cells = round((share - 0.5) * 2 * middle)
        colour = self.palette.error if cells > 0 else self.palette.primary
        begin = bar.x + middle + min(0, cells)
        self.canvas.put(begin, bar.y, "█" * abs(cells), Ink(colour))
        if not cells:
            self.canvas.put(bar.x + middle, bar.y, "│", Ink(self.palette.faint))

    def _order(
        self, x: int, y: int, control: Control, value: Value | None, order: Order, over: str | None
    ) -> None:
        palette = self.palette
        if order.open:
            text, colour = f"→ {control.show(order.wanted)} …", palette.warning
        elif order.stage is Stage.DONE:
            text, colour = "✓ done", palette.success
        else:
            text, colour = f"✗ {control.show(order.wanted)}", palette.error
        room = self.x + self.width - x
        if len(text) > room:
            text = text[0] if room >= 1 else ""
        self.canvas.put(x, y, text, Ink(over or colour, bold=True))

    def _facts(self, thing: Thing, y: int, below: int) -> int:
        canvas, palette = self.canvas, self.palette
        for fact in thing.facts:
            value = self.values.get(fact.path)
            if y >= below or value is None or value == "":
                continue
            label = _LABEL if self.width >= 30 else 10
            canvas.put(self.x, y, fact.label[: label - 1], Ink(palette.faint))
            canvas.put(
                self.x + label, y, fact.show(value)[: self.width - label], Ink(palette.faint)
            )
            y += 1
        return y


_STEADY: Final = (BRAKE, GEAR)
_WORTH: Final = (".Window.Position", "Sunroof.Position", ".HeatingCooling", "Massage.Level")


def _active(thing: Thing, control: Control, value: Value | None) -> str:
    """In words, where it is open or on; empty where it rests."""
    if not value or control.path in _STEADY:
        return ""
    shown, label = control.show(value), control.label.strip().lower()
    if control.form is Form.SWITCH:
        if control.words[0] != "on":  # "open" and "locked" say enough of a door
            return f"{thing.title} {shown}"
        if thing.name in ("air", "headlights"):
            return f"{control.label} {shown}"
        return f"{thing.title}, {label} {shown}"
    if control.path.endswith(_WORTH):
        if control.path.endswith(".HeatingCooling") and isinstance(value, int) and value < 0:
            return f"{thing.title}, cooling {control.show(-value)}"
        what = "" if label in ("open", "sunroof") else f", {label}"
        return f"{thing.title}{what} {shown}"
    if label in ("wipers", "wiper") and value != "OFF":
        return f"{control.label} {shown}"
    return ""
