"""The car from above, in signs; without textual's widgets.

The front is up. Everything that can be pointed at tells where it was drawn.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cockpit.ui.panels.canvas import PLAIN, Canvas, Ink, Palette, mix
from cockpit.ui.panels.vehicle_things import BATTERY, BODY, CABIN, HVAC, LIGHTS
from vehicle_bus.seats import ALL_SEATS, FRONT, Seat

if TYPE_CHECKING:
    from vehicle_bus.catalogue import Value

MOST_HEIGHT: Final = 30
LEAST_WIDTH: Final = 30
_GROWING: Final = (
    "hood", "roof", "front", "rear", "beams", "roof", "hood", "trunk",
    "front", "rear", "hood", "trunk", "roof",
)  # fmt: skip
"""What gets one line more, in this order, where there is room."""
_MARGIN: Final = 4  # columns beside the car, for mirrors, open doors and figures
_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"
_AIR: Final = {"UP": "↑", "MIDDLE": "→", "DOWN": "↓"}
_OFF: Final = ("OFF", None)
_LOW_PRESSURE: Final = "IsPressureLow"


@dataclass(frozen=True, slots=True)
class Area:
    """Where something was drawn, in cells."""

    x: int
    y: int
    width: int
    height: int

    def holds(self, x: int, y: int) -> bool:
        """Whether a cell is in it."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height

    @property
    def middle(self) -> tuple[float, float]:
        """Its middle in units of a cell's width; lines are two high."""
        return self.x + self.width / 2, 2 * (self.y + self.height / 2)


@dataclass(slots=True)
class CarDrawing:
    """Draws a car once.

    Attributes:
        x, y, width, height: where on the canvas.
        values: of the signals that are known.
        speaking: seats whose people speak, or are spoken to.
        selected: name of the thing to mark.
        things: names of what this car has.
        areas: filled: where the things are.
    """

    canvas: Canvas
    palette: Palette
    x: int
    y: int
    width: int
    height: int
    values: Mapping[str, Value]
    things: Collection[str]
    selected: str = ""
    speaking: frozenset[Seat] = frozenset()
    areas: dict[str, Area] = field(default_factory=dict)
    _rows: dict[str, int] = field(default_factory=dict)

    def draw(self) -> dict[str, Area]:
        """Draw everything; returns where the things are."""
        rows = {
            "beams": 1, "nose": 1, "hood": 1, "screen": 1, "dash": 1, "front": 4, "roof": 1,
            "rear": 4, "glass": 1, "trunk": 1, "tail": 1,
        }  # fmt: skip
        room = self.height - sum(rows.values())
        for name in _GROWING[: max(0, room)]:
            rows[name] += 1
        # What is left over is shared above and below.
        y = self.y + max(0, self.height - sum(rows.values())) // 2
        for name, count in rows.items():
            self._rows[name] = y
            y += count
        self._body(y, rows)
        self._lamps(rows)
        self._glass("windscreen", self._rows["screen"], "Front", "IsFrontDefrosterActive", "wipers")
        self._glass("rear-window", self._rows["glass"], "Rear", "IsRearDefrosterActive", "wiper")
        self._lid("hood", self._rows["hood"], rows["hood"], f"{BODY}.Hood")
        self._lid("trunk", self._rows["trunk"], rows["trunk"], f"{BODY}.Trunk.Rear")
        self._tyres(rows)
        self._mirrors()
        self._steering()
        self._roof(rows["roof"])
        for seat in ALL_SEATS:
            self._place(seat, rows["front" if seat in FRONT else "rear"])
        self._cable()
        return self.areas

    # Small things.

    @property
    def _left(self) -> int:
        """Column of the car's left side."""
        return self.x + _MARGIN

    @property
    def _right(self) -> int:
        """Column of its right side."""
        return self.x + self.width - _MARGIN - 1

    def _value(self, path: str) -> Value | None:
        return self.values.get(path)

    def _number(self, path: str) -> float | None:
        value = self.values.get(path)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return float(value)

    def _is(self, path: str) -> bool:
        return self.values.get(path) is True

    def _mark(self, name: str, area: Area) -> bool:
        """Remember where a thing is; True where it is the selected one."""
        if name not in self.things:
            return False
        self.areas[name] = area
        return name == self.selected

    def _cursor(self, area: Area) -> None:
        """The selected thing stands out, on a ground of its own."""
        self.canvas.fill(area.x, area.y, area.width, area.height, self.palette.cursor)
        self.canvas.paint(area.x, area.y, area.width, area.height, self.palette.cursor_text)

    def _grey(self, name: str) -> Ink:
        return Ink(self.palette.faint if name in self.things else self.palette.line)

    # The car.

    def _body(self, below: int, rows: Mapping[str, int]) -> None:
        canvas, line = self.canvas, Ink(self.palette.faint)
        left, right, nose, tail = self._left, self._right, self._rows["nose"], self._rows["tail"]
        inside = right - left - 3
        canvas.put(left + 1, nose, "╭" + "─" * inside + "╮", line)
        canvas.put(left + 1, tail, "╰" + "─" * inside + "╯", line)
        for y in range(nose + 1, tail):
            canvas.put(left, y, "│", line)
            canvas.put(right, y, "│", line)
        canvas.put(left, nose + 1, "╭╯", line)
        canvas.put(right - 1, nose + 1, "╰╮", line)
        canvas.put(left, tail - 1, "╰╮", line)
        canvas.put(right - 1, tail - 1, "╭╯", line)

    def _lamps(self, rows: Mapping[str, int]) -> None:
        canvas, palette = self.canvas, self.palette
        nose, tail = self._rows["nose"], self._rows["tail"]
        low, high = self._is(f"{LIGHTS}.Beam.Low.IsOn"), self._is(f"{LIGHTS}.Beam.High.IsOn")
        fog, parking = self._is(f"{LIGHTS}.Fog.Front.IsOn"), self._is(f"{LIGHTS}.Parking.IsOn")
        hazard = self._is(f"{LIGHTS}.Hazard.IsSignaling")
        area = Area(self._left + 2, nose, self._right - self._left - 3, 1)
        chosen = self._mark("headlights", area)
        for side, at in (("Left", self._left + 3), ("Right", self._right - 6)):
            on = low or high or parking
            lamp = palette.warning if on else palette.line
            canvas.put(at, nose, "▄▄▄▄", Ink(lamp, bold=low or high))
            back = palette.error if on or self._is(f"{LIGHTS}.Fog.Rear.IsOn") else palette.line
            canvas.put(at, tail, "▀▀▀▀", Ink(back))
            if self._is(f"{LIGHTS}.Fog.Rear.IsOn"):
                canvas.put(at, tail, "█▀▀█", Ink(palette.error, bold=True))
            if hazard or self._is(f"{LIGHTS}.DirectionIndicator.{side}.IsSignaling"):
                end = at - 1 if side == "Left" else at + 4
                sign = "◀" if side == "Left" else "▶"
                for y in (nose, tail):
                    canvas.put(end, y, sign, Ink(palette.accent, bold=True))
            self._beam(at, nose - 1, rows["beams"], low, high, fog)
        if chosen:
            self._cursor(area)

    def _beam(self, at: int, y: int, rows: int, low: bool, high: bool, fog: bool) -> None:
        canvas, light = self.canvas, Ink(self.palette.warning, bold=high)
        if low or high:
            canvas.put(at, y, "╲┃┃╱" if high else "╲  ╱", light)
            if rows > 1:
                canvas.put(at - 1, y - 1, "╲ ┃┃ ╱" if high else "╲    ╱", light)
        if fog:
            canvas.put(at + 1, y, "≋≋", Ink(self.palette.accent))

    def _glass(self, name: str, y: int, end: str, defroster: str, word: str) -> None:
        canvas, palette = self.canvas, self.palette
        area = Area(self._left + 2, y, self._right - self._left - 3, 1)
        chosen = self._mark(name, area)
        canvas.fill(area.x, y, area.width, 1, mix(palette.secondary, palette.ground, 0.72))
        ends = ("╱", "╲") if end == "Front" else ("╲", "╱")
        canvas.put(area.x - 1, y, ends[0], Ink(palette.faint))
        canvas.put(area.x + area.width, y, ends[1], Ink(palette.faint))
        mode = self._value(f"{BODY}.Windshield.{end}.Wiping.Mode")
        if mode not in _OFF:
            text = f"{word} {str(mode).lower().replace('_', ' ')}"[: area.width - 6]
            canvas.put(area.x + (area.width - len(text)) // 2, y, text, Ink(palette.text))
        if self._is(f"{HVAC}.{defroster}"):
            for at in (area.x + 1, area.x + area.width - 3):
                canvas.put(at, y, "≀≀", Ink(palette.accent, bold=True))
        if chosen:
            self._cursor(area)

    def _lid(self, name: str, y: int, rows: int, path: str) -> None:
        canvas, palette = self.canvas, self.palette
        area = Area(self._left + 3, y, self._right - self._left - 5, rows)
        chosen = self._mark(name, area)
        opened = self._is(f"{path}.IsOpen") or (
            name == "hood" and self._is(f"{BODY}.Trunk.Front.IsOpen")
        )
        text, ink = name, self._grey(name)
        if opened:
            for row in range(y, y + rows):
                canvas.put(
                    area.x, row, "╱" * area.width, Ink(mix(palette.warning, palette.ground, 0.5))
                )
            text, ink = f" {name} open ", Ink(palette.warning, bold=True)
        elif self._is(f"{path}.IsLocked"):
            text = f"{name} · locked"
        canvas.put(area.x + (area.width - len(text)) // 2, y + rows // 2, text, ink)
        if chosen:
            self._cursor(area)

    def _tyres(self, rows: Mapping[str, int]) -> None:
        canvas, palette = self.canvas, self.palette
        front, rear = self._rows["hood"], self._rows["trunk"]
        for row, y, place in (("Row1", front, "front"), ("Row2", rear, "rear")):
            for side in ("left", "right"):
                tyre = f"Vehicle.Chassis.Axle.{row}.Wheel.{side.capitalize()}.Tire"
                pressure = self._number(f"{tyre}.Pressure")
                low = self._is(f"{tyre}.{_LOW_PRESSURE}")
                x = self.x if side == "left" else self._right + 1
                area = Area(x, y, _MARGIN, 1)
                chosen = self._mark(f"tyre-{place}-{side}", area)
                text = f"{pressure:3.0f}" if pressure is not None else "  –"
                figures = Ink(palette.error if low else palette.faint, bold=low)
                rubber = Ink(palette.error if low else palette.text)
                if side == "left":
                    canvas.put(x, y, text[:3], figures)
                    canvas.put(x + 3, y, "█", rubber)
                else:
                    canvas.put(x, y, "█", rubber)
                    canvas.put(x + 1, y, text[:3], figures)
                if chosen:
                    self._cursor(area)

    def _mirrors(self) -> None:
        y = self._rows["screen"]
        for side, path, x in (
            ("left", "DriverSide", self._left - 2),
            ("right", "PassengerSide", self._right + 1),
        ):
            mirror = f"{BODY}.Mirrors.{path}"
            area = Area(x, y, 2, 1)
            chosen = self._mark(f"mirror-{side}", area)
            folded = self._is(f"{mirror}.IsFolded")
            warm = self._is(f"{mirror}.IsHeatingOn")
            sign = {"left": (" ▐", "◖━"), "right": ("▌ ", "━◗")}[side][not folded]
            self.canvas.put(x, y, sign, Ink(self.palette.accent) if warm else PLAIN)
            if chosen:
                self._cursor(area)

    def _steering(self) -> None:
        x, width = self._column(Seat.DRIVER)
        area = Area(x + width // 2 - 2, self._rows["dash"], 5, 1)
        chosen = self._mark("wheel", area)
        heat = self._number("Vehicle.Chassis.SteeringWheel.HeatingCooling") or 0
        ink = Ink(self.palette.error, bold=True) if heat else Ink(self.palette.faint)
        self.canvas.put(area.x, area.y, "╭━◯━╮", ink)
        if chosen:
            self._cursor(area)

    def _roof(self, rows: int) -> None:
        canvas, palette = self.canvas, self.palette
        y = self._rows["roof"]
        area = Area(self._left + 3, y, self._right - self._left - 5, rows)
        chosen = self._mark("roof", area)
        position = self._number(f"{CABIN}.Sunroof.Position")
        shade = self._number(f"{CABIN}.Sunroof.Shade.Position")
        glass = mix(palette.secondary, palette.ground, 0.45 if shade else 0.72)
        _rise(canvas, area, 1 - (position or 0) / 100, glass)
        text = "roof" if not position else f"roof {position:.0f} %"
        ink = Ink(palette.text, bold=bool(position))
        if self._is(f"{CABIN}.Light.IsDomeOn"):
            text, ink = f"☼ {text}", Ink(palette.warning, bold=True)
        canvas.put(area.x + (area.width - len(text)) // 2, y + rows // 2, text, ink)
        if chosen:
            self._cursor(area)

    def _cable(self) -> None:
        port = f"{BATTERY}.Charging.ChargingPort.AnyPosition.IsChargingCableConnected"
        if self._is(port):
            charging = self._is(f"{BATTERY}.Charging.IsCharging")
            ink = Ink(self.palette.success if charging else self.palette.faint, bold=charging)
            self.canvas.put(self.x, self._rows["glass"], "━━━↯", ink)

    # What belongs to a seat.

    def _column(self, seat: Seat) -> tuple[int, int]:
        """First column of a seat, and how many it has."""
        inside = self._right - self._left - 3  # a pane of glass at each side
        width = (inside - 2) // 2
        left = seat.side == "Driver"
        return (self._left + 2 if left else self._right - 1 - width), width

    def _place(self, seat: Seat, rows: int) -> None:
        y = self._rows["front" if seat in FRONT else "rear"]
        self._door(seat, y, rows)
        self._window(seat, y, rows)
        self._climate(seat, y)
        self._lamp(seat, y)
        self._chair(seat, y + 1, rows - 1)

    def _door(self, seat: Seat, y: int, rows: int) -> None:
        canvas, palette, left = self.canvas, self.palette, seat.side == "Driver"
        door = f"{CABIN}.Door.{seat.position}"
        edge = self._left if left else self._right
        area = Area(edge, y, 1, rows)
        chosen = self._mark(f"door-{seat}", area)
        locked = self._is(f"{door}.IsLocked")
        canvas_ink = Ink(palette.text, bold=True) if locked else Ink(palette.faint)
        for row in range(rows):
            canvas.put(edge, y + row, "┃" if locked else "│", canvas_ink)
        if self._is(f"{door}.IsOpen"):
            for row in range(rows):
                canvas.put(edge, y + row, " ")
                out = min(row + 1, _MARGIN)
                x = edge - out if left else edge + out
                canvas.put(x, y + row, "╱" if left else "╲", Ink(palette.warning, bold=True))
        elif locked:
            x = self.x if left else edge + 1
            canvas.put(x, y + rows - 1, "lock", Ink(palette.faint))
        if chosen:
            self._cursor(area)

    def _window(self, seat: Seat, y: int, rows: int) -> None:
        canvas, palette, left = self.canvas, self.palette, seat.side == "Driver"
        x = self._left + 1 if left else self._right - 1
        area = Area(x, y, 1, rows)
        chosen = self._mark(f"window-{seat}", area)
        path = f"{CABIN}.Door.{seat.position}.Window.Position"
        position = self._number(path)
        if position is None:
            return
        for row in range(rows):
            canvas.put(x, y + row, "┊", Ink(palette.line))
        glass = mix(palette.secondary, palette.ground, 0.25)
        _rise(canvas, area, 1 - position / 100, palette.cursor if chosen else glass)
        if chosen:
            canvas.fill(x, y, 1, rows, mix(palette.cursor, palette.ground, 0.55))
        opened = self._is(f"{CABIN}.Door.{seat.position}.IsOpen")
        if position and not opened:
            text = f"{position:.0f}%"
            at = self._left - len(text) if left else self._right + 1
            canvas.put(at, y + 1, text, Ink(palette.secondary, bold=True))

    def _climate(self, seat: Seat, y: int) -> None:
        canvas, palette = self.canvas, self.palette
        x, width = self._column(seat)
        area = Area(x, y, width, 1)
        chosen = self._mark(f"air-{seat}", area)
        warm = self._number(f"{seat.station}.Temperature")
        if warm is None:
            return
        fan = self._number(f"{seat.station}.FanSpeed") or 0
        air = _AIR.get(str(self._value(f"{seat.station}.AirDistribution")), " ")
        text = f"{warm:.1f}" if width < 9 else f"{warm:.1f}°"
        end = canvas.put(x + (width >= 11), y, text, Ink(palette.text, bold=True))
        blows = Ink(palette.primary if fan else palette.line)
        end = canvas.put(end, y, f" ✣{fan / 20:.0f}", blows)
        canvas.put(end, y, air[: width - (end - x)], blows)
        if chosen:
            self._cursor(area)

    def _lamp(self, seat: Seat, y: int) -> None:
        canvas, palette = self.canvas, self.palette
        x, width = self._column(seat)
        at = x + width if seat.side == "Driver" else x - 1
        area = Area(at, y, 1, 2)
        chosen = self._mark(f"lamp-{seat}", area)
        light = f"{CABIN}.Light"
        for row, kind, on, off in ((0, "Spotlight", "☼", "○"), (1, "AmbientLight", "◆", "◇")):
            lamp = f"{light}.{kind}.{seat.position}"
            if self._value(f"{lamp}.IsLightOn") is None:
                continue
            shines = self._is(f"{lamp}.IsLightOn")
            colour = self._colour(f"{lamp}.Color") if shines else palette.line
            canvas.put(at, y + row, on if shines else off, Ink(colour, bold=shines))
        if chosen:
            self._cursor(area)

    def _colour(self, path: str) -> str:
        """The lamp's own colour; white would not be seen on a light ground."""
        value = str(self._value(path) or "")
        if len(value) == 7 and value.startswith("#") and value.upper() != "#FFFFFF":
            return value.lower()
        return self.palette.warning

    def _chair(self, seat: Seat, y: int, rows: int) -> None:
        canvas, palette = self.canvas, self.palette
        x, width = self._column(seat)
        area = Area(x, y, width, rows)
        chosen = self._mark(f"seat-{seat}", area)
        chair = f"{CABIN}.Seat.{seat.position}"
        heat = self._number(f"{chair}.HeatingCooling") or 0
        tint = palette.error if heat > 0 else palette.primary
        leather = mix(mix(palette.text, palette.ground, 0.82), tint, abs(heat) / 100 * 0.55)
        if chosen:
            leather = palette.cursor
        canvas.put(x, y, "▗" + "▄" * (width - 2) + "▖", Ink(leather))
        canvas.put(x, y + rows - 1, "▝" + "▀" * (width - 2) + "▘", Ink(leather))
        canvas.fill(x, y + 1, width, rows - 2, leather)
        over = palette.cursor_text if chosen else None
        middle = y + rows // 2
        if self._value(f"{chair}.OccupancyStatus") == "OCCUPIED":
            belted = self._value(f"{chair}.IsBelted")
            person = palette.warning if belted is False else palette.text
            if seat in self.speaking:
                person = palette.accent
            at = x + (width - 3) // 2 if width >= 10 else x + 1
            canvas.put(at, middle, "◖●◗", Ink(over or person, bold=True))
        waves = round(abs(heat) / 33)
        sign = "≈" if heat > 0 else "∗"
        massage = self._number(f"{chair}.Massage.Level") or 0
        ink = Ink(over or palette.text, bold=True)
        canvas.right(x + width - 1, middle, sign * waves, ink)
        if massage:
            at = middle - 1 if rows > 3 else middle
            room = width - 6 - (waves if at == middle else 0)
            text = "∿" * min(round(massage / 33), max(1, room))
            right = x + width - 1 - (waves if at == middle else 0)
            canvas.right(right, at, text, Ink(over or palette.accent, bold=True))


def _rise(canvas: Canvas, area: Area, share: float, colour: str) -> None:
    """Fill an area from below to a share of its height, to an eighth of a line."""
    eighths = round(min(1.0, max(0.0, share)) * area.height * 8)
    for row in range(area.height):
        part = max(0, min(8, eighths - 8 * (area.height - 1 - row)))
        if part == 8:
            canvas.fill(area.x, area.y + row, area.width, 1, colour)
            canvas.put(area.x, area.y + row, " " * area.width)
        elif part:
            canvas.put(area.x, area.y + row, _EIGHTHS[part] * area.width, Ink(colour))
