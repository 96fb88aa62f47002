"""Shows the car from above, and changes its actuators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Offset
from textual.message import Message
from textual.widgets import Input

from cockpit.ui.panels import Kind, Panel
from cockpit.ui.panels.canvas import Canvas, Drawing
from cockpit.ui.panels.vehicle_details import Details, Spot
from cockpit.ui.panels.vehicle_drawing import LEAST_WIDTH, MOST_HEIGHT, Area, CarDrawing
from cockpit.ui.panels.vehicle_hand import Hand, Order
from cockpit.ui.panels.vehicle_things import Control, Form, Thing, things_of
from cockpit.ui.state import Section, State
from vehicle_bus.errors import CockpitError
from vehicle_bus.seats import Seat

if TYPE_CHECKING:
    from vehicle_bus.catalogue import Value
    from vehicle_bus.client import VehicleBus
    from vehicle_bus.records import Ack

WIDEST_CAR: Final = 36
WIDEST_DETAILS: Final = 60
LEAST_DETAILS: Final = 18
FIRST: Final = "window-driver"


class CarView(Drawing, can_focus=True):
    """The drawn car and the controls of one of its things.

    Attributes:
        things: of this car, by name; empty until its catalogue is known.
        selected: name of the thing whose controls are shown.
        current: index of the control that the keys change.
        orders: what was asked for, by path.
        spots: where its controls were drawn.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "go(0, -1)", "Move over the car", show=False, key_display="↑↓←→"),
        Binding("down", "go(0, 1)", show=False),
        Binding("left", "go(-1, 0)", show=False),
        Binding("right", "go(1, 0)", show=False),
        Binding("tab", "next(1)", "To the next control of it", show=False, key_display="Tab"),
        Binding("shift+tab", "next(-1)", show=False),
        Binding("enter,space", "turn", "Switch", key_display="⏎"),
        Binding("plus,equals_sign", "move(1)", "More", key_display="+"),
        Binding("minus", "move(-1)", "Less", key_display="-"),
        Binding("e", "edit", "Exact"),
        Binding("home", "end(0)", "All the way down", show=False, key_display="Home"),
        Binding("end", "end(1)", "All the way up", show=False, key_display="End"),
    ]

    class Ordered(Message):
        """Somebody wants an actuator at a value."""

        def __init__(self, path: str, value: Value) -> None:
            super().__init__()
            self.path = path
            self.value = value

    class Editing(Message):
        """Somebody wants to type the value of a control."""

        def __init__(self, thing: Thing, edited: Control) -> None:
            super().__init__()
            self.thing = thing
            self.edited = edited

    def __init__(self) -> None:
        super().__init__(id="car")
        self.things: Mapping[str, Thing] = {}
        self.selected = FIRST
        self.current = 0
        self.orders: Mapping[str, Order] = {}
        self._values: Mapping[str, Value] = {}
        self._unknown: Mapping[str, str] = {}
        self._speaking: frozenset[Seat] = frozenset()
        self._areas: dict[str, Area] = {}
        self.spots: list[Spot] = []
        self._links: list[tuple[Area, str]] = []

    def show(
        self,
        values: Mapping[str, Value],
        unknown: Mapping[str, str],
        speaking: frozenset[Seat],
    ) -> None:
        """Draw the car with these values."""
        self._values, self._unknown, self._speaking = values, unknown, speaking
        self.redraw()

    @property
    def thing(self) -> Thing | None:
        """What is selected."""
        return self.things.get(self.selected)

    @property
    def chosen(self) -> Control | None:
        """What the keys change."""
        thing = self.thing
        if thing is None or not thing.controls:
            return None
        return thing.controls[min(self.current, len(thing.controls) - 1)]

    def area_of(self, name: str) -> Area | None:
        """Where a thing was drawn."""
        return self._areas.get(name)

    def paint(self, canvas: Canvas) -> None:
        """The car on the left, the rest beside it; in the middle where there is much room."""
        gap = 2
        widest = WIDEST_CAR if canvas.width < 120 else 46
        car = max(LEAST_WIDTH, min(widest, canvas.width // 2))
        if canvas.width - car - gap < LEAST_DETAILS:
            car = LEAST_WIDTH
        beside = min(canvas.width - car - gap, WIDEST_DETAILS)
        height = min(canvas.height, MOST_HEIGHT)
        x = (canvas.width - car - gap - beside) // 2
        y = (canvas.height - height) // 3
        drawing = CarDrawing(
            canvas,
            self.palette,
            x,
            y,
            car,
            height,
            self._values,
            self.things,
            self.selected,
            self._speaking,
        )
        self._areas = drawing.draw()
        details = Details(
            canvas,
            self.palette,
            x + car + gap,
            y,
            beside,
            height,
            self._values,
            self._unknown,
            self.orders,
            self.things,
            self.selected,
            self.current,
            self.has_focus,
        )
        details.draw()
        self._areas |= details.areas
        self.spots, self._links = details.spots, details.links

    def on_focus(self) -> None:
        """The keys change something now."""
        self.redraw()

    def on_blur(self) -> None:
        """They do not any more."""
        self.redraw()

    # Moving about.

    def select(self, name: str) -> None:
        """Show the controls of a thing."""
        if name in self.things and name != self.selected:
            self.selected, self.current = name, 0
            self.redraw()

    def action_go(self, x: int, y: int) -> None:
        """To the nearest thing in a direction."""
        here = self._areas.get(self.selected)
        if here is None:
            self.select(next(iter(self._areas), FIRST))
            return
        at_x, at_y = here.middle
        best: tuple[float, str] | None = None
        for name, area in self._areas.items():
            there_x, there_y = area.middle
            away_x, away_y = there_x - at_x, there_y - at_y
            along = away_x * x + away_y * y
            aside = abs(away_x * y) + abs(away_y * x)
            if name == self.selected or along < 0.75 or aside > 2.5 * along + 6:
                continue
            distance = along + 2 * aside
            if best is None or distance < best[0]:
                best = (distance, name)
        if best is not None:
            self.select(best[1])

    def action_next(self, steps: int) -> None:
        """To the thing's next control; behind the last one to whatever is next on the screen."""
        count = len(self.thing.controls) if self.thing is not None else 0
        following = self.current + steps
        if 0 <= following < count:
            self.current = following
            self.redraw()
        elif steps > 0:
            self.screen.focus_next()
        else:
            self.screen.focus_previous()

    # Changing.

    def _now(self, control: Control) -> Value | None:
        order = self.orders.get(control.path)
        if order is not None and order.open:
            return order.wanted
        return self._values.get(control.path)

    def _order(self, control: Control, value: Value | None) -> None:
        if value is None:
            self.action_edit()
        else:
            self.post_message(self.Ordered(control.path, value))

    def action_turn(self) -> None:
        """The other way round: open what is closed, switch on what is off, the next choice."""
        if (control := self.chosen) is not None:
            self._order(control, control.turned(self._now(control)))

    def action_move(self, steps: int) -> None:
        """A position further."""
        if (control := self.chosen) is not None:
            self._order(control, control.moved(self._now(control), steps))

    def action_end(self, share: float) -> None:
        """All the way."""
        control = self.chosen
        if control is not None and (value := control.at(share)) is not None:
            self._order(control, value)

    def action_edit(self) -> None:
        """Type the value."""
        if self.thing is not None and (control := self.chosen) is not None:
            self.post_message(self.Editing(self.thing, control))

    # The pointer.

    def on_click(self, event: events.Click) -> None:
        """Select a thing; what is selected already is switched. A click on a bar sets it."""
        at = Offset(event.x, event.y)
        for spot in self.spots:
            if spot.area.holds(at.x, at.y):
                self._click_control(spot, at.x)
                return
        for area, name in self._links:
            if area.holds(at.x, at.y):
                self.select(name)
                return
        if (found := self._thing_at(at.x, at.y)) is None:
            return
        if found == self.selected:
            self.action_turn()
        self.select(found)

    def _click_control(self, spot: Spot, x: int) -> None:
        again = spot.index == self.current
        self.current = spot.index
        self.redraw()
        control = self.chosen
        if control is None:
            return
        if spot.bar is not None and spot.bar.holds(x, spot.bar.y):
            self._order(control, control.at((x - spot.bar.x + 0.5) / spot.bar.width))
        elif control.form in (Form.SWITCH, Form.CHOICE) or again:
            self.action_turn()

    def _thing_at(self, x: int, y: int) -> str | None:
        found = [name for name, area in self._areas.items() if area.holds(x, y)]
        if found:
            return min(found, key=lambda name: self._areas[name].width * self._areas[name].height)
        # A door is one column wide: its neighbour will do.
        near = [name for name, a in self._areas.items() if a.holds(x - 1, y) or a.holds(x + 1, y)]
        return near[0] if near else None

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """More of what is under the pointer."""
        self._scroll(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Less of it."""
        self._scroll(event, -1)

    def _scroll(self, event: events.MouseEvent, steps: int) -> None:
        for spot in self.spots:
            if spot.area.holds(event.x, event.y):
                event.stop()
                self.current = spot.index
                self.action_move(steps)
                return


class VehiclePanel(Panel):
    """Shows the car from above, and changes its actuators."""

    sections = frozenset({Section.VEHICLE, Section.LISTENING, Section.CLOCK})
    focus_on = "#car"

    DEFAULT_CSS = """
    VehiclePanel #exact { display: none; dock: bottom; height: 3; border: tall $border; }
    VehiclePanel #exact.-shown { display: block; }
    """

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind)
        self._seen: object = None
        self._hand = Hand(self._send, lambda: self.state.clock(), self._changed)
        self._edited: Control | None = None
        self._paths: list[str] = []
        self._bus: VehicleBus | None = None

    def compose(self) -> ComposeResult:
        """The drawing, and a line to type a value in."""
        yield CarView()
        yield Input(id="exact", select_on_focus=True)

    @property
    def view(self) -> CarView:
        """The drawing."""
        return self.query_one(CarView)

    def unavailable(self, state: State) -> str | None:
        """Until the car has told of itself."""
        vehicle = state.vehicle
        if vehicle.values or vehicle.unknown:
            return None
        return vehicle.fault or "The car has not told of itself yet."

    def update_from(self, state: State) -> None:
        """Draw the car anew where something that is drawn has changed."""
        view = self.view
        if not view.things:
            view.things = things_of(state.vehicle.catalogue)
            self._paths = [
                *(control.path for thing in view.things.values() for control in thing.controls),
                *(path for path in state.vehicle.catalogue if path.endswith(_DRAWN)),
            ]
        self._listen_for_failures()
        moved = self._hand.look(state.vehicle.values)
        values = state.vehicle.values
        speaking = frozenset({state.listening_seat} if state.listening_seat else ())
        thing = view.thing
        # What is not drawn changes often: the place, the power that is used, a tenth of a degree.
        seen = (
            [values.get(path) for path in self._paths],
            [fact.show(values[fact.path]) for fact in thing.facts if fact.path in values]
            if thing is not None
            else None,
            [_whole(values.get(path)) for path in _ROUNDED],
            speaking,
            dict(state.vehicle.unknown),
        )
        if moved or seen != self._seen:
            self._seen = seen
            view.orders = self._hand.orders
            view.show(dict(values), seen[4], speaking)

    def _listen_for_failures(self) -> None:
        """What was on its way may jam."""
        bus = self.cockpit.session.bus if self.cockpit is not None else None
        if bus is not None and bus is not self._bus:
            self._bus = bus
            bus.on_failure(lambda failure: self._hand.fail(failure.path, failure.reason))

    # Changing.

    async def _send(self, path: str, value: Value) -> Ack:
        cockpit = self.cockpit
        if cockpit is None:
            raise CockpitError("The car is not there yet.")
        return await cockpit.set(path, value)

    def _changed(self) -> None:
        if self.is_mounted:
            self.view.orders = self._hand.orders
            self.view.redraw()

    def on_car_view_ordered(self, message: CarView.Ordered) -> None:
        """Send it, as the switch in the car would."""
        self.act(self._hand.set(message.path, message.value))

    def on_car_view_editing(self, message: CarView.Editing) -> None:
        """Show the line to type in."""
        control = self._edited = message.edited
        line = self.query_one("#exact", Input)
        value = self.state.vehicle.values.get(control.path)
        shown = "" if value is None else str(value)
        if control.form is Form.CHOICE:
            line.placeholder = ", ".join(choice.lower() for choice in control.choices)
            shown = ""
        elif control.form is Form.SWITCH:
            line.placeholder, shown = ", ".join(control.words), control.show(value)
        elif control.low is not None and control.high is not None:
            line.placeholder = f"{control.low:g} to {control.high:g}{control.unit}"
        line.value = shown
        line.border_title = f"{message.thing.title}: {control.label.strip()}"
        line.add_class("-shown")
        line.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Send what was typed."""
        event.stop()
        control = self._edited
        if control is not None and event.value.strip():
            try:
                value = control.read(event.value)
            except ValueError:
                self.notify("That is no number.", severity="warning")
                return
            self.act(self._hand.set(control.path, value))
        self._close_line()

    def on_key(self, event: events.Key) -> None:
        """Escape leaves the line."""
        if event.key == "escape" and self._edited is not None:
            event.stop()
            self._close_line()

    def _close_line(self) -> None:
        self._edited = None
        self.query_one("#exact", Input).remove_class("-shown")
        self.view.focus()

    def copy_text(self) -> str:
        """Path and value of the control that is chosen."""
        control = self.view.chosen
        if control is None:
            return ""
        return f"{control.path} {self.state.vehicle.values.get(control.path)}"


def _whole(value: object) -> object:
    return round(value) if isinstance(value, float) else value


_DRAWN: Final = (
    ".Tire.Pressure",
    ".IsPressureLow",
    ".OccupancyStatus",
    ".IsBelted",
    ".IsCharging",
    ".IsChargingCableConnected",
)
"""Ends of the paths of sensors that are part of the picture."""
_ROUNDED: Final = (
    "Vehicle.Speed",
    "Vehicle.Exterior.AirTemperature",
    "Vehicle.Cabin.HVAC.AmbientAirTemperature",
    "Vehicle.Powertrain.TractionBattery.StateOfCharge.Current",
    "Vehicle.Powertrain.TractionBattery.Range",
)
"""Instruments, which show whole numbers."""
