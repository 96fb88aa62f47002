"""Faults, weather, driving and scenarios of the simulated car."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.worker import Worker

from cockpit.ui.cockpit import Cockpit, ScenarioNews, World
from cockpit.ui.panels import Kind, Panel
from cockpit.ui.panels.asking import AskScreen, Candidate
from cockpit.ui.panels.bus_words import amount, value_of
from cockpit.ui.panels.putting import put
from cockpit.ui.panels.rows import KeyedRows, Row, between, hint
from cockpit.ui.panels.world_dials import (
    DIALS,
    SWITCHES,
    Dial,
    fault_fault,
    fault_in_words,
    faults_of,
    next_pace,
    next_weather,
    scenario_files,
    weather,
)
from cockpit.ui.state import Section, State, Value
from vehicle_bus.errors import CockpitError

SIDE_BY_SIDE: Final = 64
"""Columns of the panel from which the lists stand beside each other."""
BAR: Final = 8
"""Cells of a dial's bar."""
ROUTE_WAIT: Final = 15.0
"""Seconds in which a route must have come of a request."""
_ROUTE: Final = "nav/route"


class EcuRows(KeyedRows):
    """The ECUs; each can be taken off the bus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,enter", "select", "Off or on", key_display="␣"),
    ]


class FaultRows(KeyedRows):
    """The active faults."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "ask('add')", "Add a fault"),
        Binding("d,delete", "ask('heal')", "Heal"),
        Binding("x", "ask('all')", "Heal all"),
    ]


class DialRows(KeyedRows):
    """What can be turned."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,plus,equals_sign", "ask('more')", "More", key_display="→"),
        Binding("left,minus", "ask('less')", "Less", key_display="←"),
        Binding("enter,space", "select", "Exact or switch"),
    ]


class ScenarioRows(KeyedRows):
    """The scenarios of a file, with how they went."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "ask('run')", "Run a file"),
        Binding("x", "ask('stop')", "Stop"),
        Binding("f", "ask('failed')", "Failed only"),
    ]


class WorldPanel(Panel):
    """ECUs and faults at the left, the world and scenarios at the right."""

    sections = frozenset({Section.VEHICLE, Section.CLOCK})
    focus_on = "DialRows"

    DEFAULT_CSS = """
    WorldPanel > #sides { height: 1fr; }
    WorldPanel #left { width: 2fr; height: 100%; }
    WorldPanel #right { width: 3fr; height: 100%; margin: 0 0 0 1; }
    WorldPanel #ecus { height: auto; max-height: 9; }
    WorldPanel #dials { height: auto; max-height: 13; }
    WorldPanel #why {
        display: none; height: auto; max-height: 4; color: $error; padding: 0;
    }
    WorldPanel > #sides.-stacked { layout: vertical; overflow-y: auto; }
    WorldPanel .-stacked #left, WorldPanel .-stacked #right {
        width: 100%; height: auto; margin: 0;
    }
    WorldPanel .-stacked #faults, WorldPanel .-stacked #scenarios {
        height: auto; min-height: 4; max-height: 12;
    }
    """

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind)
        self._faults: list[Candidate] = []
        self._run: Worker[None] | None = None
        self._file = ""
        self._news: dict[str, ScenarioNews] = {}
        self._failed_only = False

    def compose(self) -> ComposeResult:
        """Four lists."""
        with Horizontal(id="sides"):
            with Vertical(id="left"):
                yield EcuRows("ECUs", id="ecus")
                yield FaultRows("Faults", id="faults")
            with Vertical(id="right"):
                yield DialRows("World", id="dials")
                yield ScenarioRows("Scenarios", id="scenarios")
                yield Static(id="why", markup=False)

    def unavailable(self, state: State) -> str | None:
        """A real car has weather of its own."""
        if self.cockpit is None:
            return "The simulator is there as soon as the car is."
        if self.cockpit.world is None:
            bus = self.cockpit.session.bus.settings
            return (
                f"The car on {bus.host}:{bus.port} is not simulated by this program, so nothing "
                "can be changed here. Without a broker (bus.host) in the settings, cockpit run "
                "brings a simulated car along. For one that runs elsewhere, cockpit sim run takes "
                "--fault."
            )
        return None

    def on_resize(self, event: events.Resize) -> None:
        """Beside each other where there is room."""
        self.query_one("#sides").set_class(event.size.width < SIDE_BY_SIDE, "-stacked")
        self.call_after_refresh(self._again)

    def _again(self) -> None:
        if self._world is not None and self.is_mounted:
            self.update_from(self.state)

    @property
    def _world(self) -> World | None:
        return None if self.cockpit is None else self.cockpit.world

    def update_from(self, state: State) -> None:
        """All lists as things are now."""
        world = self._world
        if world is None:
            return
        truth = world.truth()
        self.query_one(EcuRows).show(self._ecu_rows(world, state))
        self.query_one(FaultRows).show(self._fault_rows(world))
        self.query_one(DialRows).show(self._dial_rows(world, truth, state))
        self.query_one(ScenarioRows).show(self._scenario_rows())
        self._explain()

    # ECUs and faults.

    def _ecu_rows(self, world: World, state: State) -> list[Row]:
        rows = self.query_one(EcuRows)
        faults = [fault_in_words(fault) for fault in world.faults]
        found: list[Row] = []
        for name in world.ecus:
            kinds = [kind for kind, place in faults if place.split(" ")[0] == name]
            owner = state.vehicle.owners.get(name)
            if "offline" in kinds:
                sign, words, colour = "✗", "off", "$error"
            elif owner is None or not owner.online:
                sign, words, colour = "◌", "coming back", "$warning"
            elif kinds:
                sign, words, colour = "●", ", ".join(kinds), "$warning"
            else:
                sign, words, colour = "●", "on", "$success"
            left = Content.assemble((f"{sign} ", colour), name)
            found.append(Row(name, between(left, Content.styled(words, colour), rows.room)))
        return found

    def _fault_rows(self, world: World) -> list[Row]:
        rows = self.query_one(FaultRows)
        active = world.faults
        rows.call("Faults", f" · {len(active)}" if active else "")
        if not active:
            return [
                hint("none", "Nothing is wrong."),
                hint("how", "a makes something go wrong:"),
                hint("which", "a jammed window, a slow ECU"),
            ]
        found: list[Row] = []
        for fault in active:
            kind, place = fault_in_words(fault)
            found.append(Row(fault, Content.assemble(("✗ ", "$error"), f"{kind} ", place)))
        return found

    @on(OptionList.OptionSelected, "EcuRows")
    def _on_ecu(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        world, name = self._world, message.option_id
        if world is None or name is None:
            return
        fault = f"offline:{name}"
        if fault in world.faults:
            self._do(world.heal(fault))
        else:
            self._do(world.inject(fault))

    def _change_faults(self, world: World, what: str, fault: str) -> None:
        match what:
            case "add":
                self._ask_fault(world)
            case "heal" if fault in world.faults:
                self._do(world.heal(fault))
            case "all" if world.faults:
                self._do(world.heal())
            case _:
                self.notify("Nothing is wrong.")

    def _ask_fault(self, world: World) -> None:
        labels = self._labels()
        if not self._faults:
            self._faults = faults_of(world, labels)
        screen = AskScreen(
            "What shall go wrong",
            hint="jam driver window, offline climate, delay=0.3 …",
            candidates=self._faults,
            check=lambda text: fault_fault(text, world, labels),
        )
        self.dashboard.push_screen(
            screen, lambda text: self._do(world.inject(text)) if text else None
        )

    def _labels(self) -> dict[str, str]:
        assert self.cockpit is not None
        return {p: signal.label for p, signal in self.cockpit.session.bus.catalogue.items()}

    # The world.

    def _dial_rows(self, world: World, truth: Mapping[str, Value], state: State) -> list[Row]:
        rows = self.query_one(DialRows)
        found = [self._line("weather", "Weather", weather(truth), rows.room)]
        for dial in DIALS:
            bar = round(dial.share(truth) * BAR)
            drawn = Content.assemble(
                ("━" * bar, "$primary"), ("━" * (BAR - bar), "$border"), f" {dial.shown(truth):>9}"
            )
            found.append(Row(dial.title, between(Content(dial.title), drawn, rows.room)))
        found += [self._line(s.title, s.title, s.shown(truth), rows.room) for s in SWITCHES]
        pace = f"{world.time_scale:g} ×"
        found.append(
            self._line("time", "Time", pace, rows.room, "$warning" if pace != "1 ×" else "")
        )
        found.append(self._drive_row(world, truth, state, rows.room))
        found.append(Row("any", Content.styled("Any other value …", "$text-muted")))
        return found

    def _line(self, name: str, title: str, value: str, room: int, colour: str = "") -> Row:
        right = Content.styled(value, colour or "$foreground")
        return Row(name, between(Content(title), right, room))

    def _drive_row(self, world: World, truth: Mapping[str, Value], state: State, room: int) -> Row:
        route = state.vehicle.documents.get(_ROUTE)
        goal = route.get("destination") if route is not None else None
        name = ""
        if isinstance(goal, Mapping):
            name = str(goal.get("name_en") or goal.get("name") or "")
        speed = truth.get("Vehicle.Speed")
        if world.driving and route is not None:
            moving = isinstance(speed, int | float) and speed > 0
            words, colour = ("driving" if moving else "arrived"), "$success"
            words = f"{words} to {name}" if name and moving else words
        elif route is not None:
            words, colour = (f"⏎ sets off to {name}" if name else "⏎ sets off"), "$accent"
        else:
            words, colour = "⏎ to where?", "$text-muted"
        told = Content.styled(words, colour).truncate(
            max(0, room - len("Drive") - 1), ellipsis=True
        )
        return Row("drive", between(Content("Drive"), told, room))

    @on(OptionList.OptionSelected, "DialRows")
    def _on_dial(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        self._turn(message.option_id or "", 0)

    def _turn(self, name: str, steps: int) -> None:
        """Turn something, or with no steps ask for its exact value or switch it over."""
        world = self._world
        if world is None:
            return
        truth = world.truth()
        dial = next((dial for dial in DIALS if dial.title == name), None)
        switch = next((switch for switch in SWITCHES if switch.title == name), None)
        if dial is not None and steps:
            self._change(world, dial.stepped(truth, steps))
        elif dial is not None:
            self._ask_dial(world, dial)
        elif switch is not None:
            self._change(world, switch.turned(truth))
        elif name == "weather":
            self._change(world, next_weather(truth, steps or 1))
        elif name == "time":
            world.run_at(next_pace(world.time_scale, steps) if steps else 1.0)
            self._again()
        elif name == "drive":
            self._drive(world)
        elif name == "any" and not steps:
            self._ask_any(world)

    def _change(self, world: World, values: Mapping[str, Value]) -> None:
        if values:
            self._do(world.change(values))
        else:
            self.notify("This car has no such signal.")

    def _ask_dial(self, world: World, dial: Dial) -> None:
        def fault(text: str) -> str:
            number = value_of(text, "float")
            if not isinstance(number, int | float) or not dial.low <= number <= dial.high:
                return f"A number from {dial.low:g} to {dial.high:g}, please."
            return ""

        def taken(text: str | None) -> None:
            if text is not None:
                number = value_of(text, "float")
                assert isinstance(number, int | float)
                self._do(world.change({dial.path: number}))

        screen = AskScreen(
            f"{dial.title}, {dial.unit}", hint=f"{dial.low:g} to {dial.high:g}", check=fault
        )
        self.dashboard.push_screen(screen, taken)

    def _ask_any(self, world: World) -> None:
        """A signal, then its value: whatever a sensor may measure."""
        assert self.cockpit is not None
        catalogue = self.cockpit.session.bus.catalogue
        truth = world.truth()
        known = [
            Candidate(path, f"{catalogue[path].label}, now {amount(truth[path])}")
            for path in catalogue
            if path in truth
        ]

        def chosen(path: str | None) -> None:
            if path is None:
                return
            signal = catalogue[path]

            def fault(text: str) -> str:
                try:
                    signal.check(value_of(text, signal.datatype))
                except CockpitError as error:
                    return error.spoken
                return ""

            def taken(text: str | None) -> None:
                if text is not None:
                    value = signal.check(value_of(text, signal.datatype))
                    self._do(world.change({path: value}))

            names = signal.allowed or (("true", "false") if signal.datatype == "boolean" else ())
            unit = f", {signal.unit}" if signal.unit else ""
            ask = AskScreen(
                f"{signal.label}{unit}",
                hint=f"now {amount(truth[path])}",
                candidates=[Candidate(name) for name in names],
                check=fault,
            )
            self.dashboard.push_screen(ask, taken)

        screen = AskScreen("Which signal", hint="a part of its name", candidates=known, free=False)
        self.dashboard.push_screen(screen, chosen)

    # Driving.

    def _drive(self, world: World) -> None:
        assert self.cockpit is not None
        if world.driving:
            self._do(world.park())
        elif self.state.vehicle.documents.get(_ROUTE) is not None:
            self._do(world.drive())
        else:
            self.act(self._ask_goal(self.cockpit, world))

    async def _ask_goal(self, cockpit: Cockpit, world: World) -> None:
        names = await cockpit.place_names()
        screen = AskScreen(
            "Drive to",
            hint="a saved place, an address, a kind of place",
            candidates=[Candidate(name) for name in names],
        )

        def taken(place: str | None) -> None:
            if place is not None:
                self._do(self._drive_to(cockpit, world, place))

        self.dashboard.push_screen(screen, taken)

    async def _drive_to(self, cockpit: Cockpit, world: World, place: str) -> None:
        """Ask for a route as anybody would, and set off when there is one."""
        before = self.state.last_turn
        await cockpit.request(f"take me to {place}", self.dashboard.seat)
        try:
            async with asyncio.timeout(ROUTE_WAIT):
                while cockpit.session.bus.document(_ROUTE) is None:
                    turn = self.state.last_turn
                    if turn is not before and turn is not None and turn.turn is not None:
                        self.notify(turn.reply_text, severity="warning", markup=False)
                        return
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise CockpitError(f"No route to {place} came of that.") from None
        await world.drive()

    # Scenarios.

    def _scenario_rows(self) -> list[Row]:
        rows = self.query_one(ScenarioRows)
        ended = [news for news in self._news.values() if news.result is not None]
        passed = sum(not news.result.failures for news in ended if news.result is not None)
        if not self._news:
            rows.call("Scenarios")
            return [
                hint("none", "r runs a scenario file in this car,"),
                hint("how", "and leaves the car as it was."),
            ]
        total = next(iter(self._news.values())).total
        failed = len(ended) - passed
        left = total - len(ended)
        more = f", {left} to go" if left and self._busy else f", {left} not run" if left else ""
        rows.call(
            f"{Path(self._file).stem} · ",
            (f"{passed} passed", "$success"),
            (f", {failed} failed", "$error" if failed else "$text-muted"),
            (more, "$text-muted"),
        )
        shown = [
            news
            for news in self._news.values()
            if not self._failed_only or (news.result is not None and news.result.failures)
        ]
        return [self._scenario(news, rows.room) for news in shown] or [
            hint("nothing", "None has failed; f shows all.")
        ]

    def _scenario(self, news: ScenarioNews, room: int) -> Row:
        result = news.result
        if result is None:
            sign, colour = ("▶", "$accent") if self._busy else ("–", "$text-muted")
            right = "running" if self._busy else "stopped"
        elif result.failures:
            sign, colour, right = "✗", "$error", f"{len(result.failures)} wrong"
        else:
            sign, colour, right = "✓", "$success", f"{result.milliseconds:.0f} ms"
        left = Content.assemble((f"{sign} ", colour), news.id)
        return Row(news.id, between(left, Content.styled(right, "$text-muted"), room))

    def _explain(self) -> None:
        """What went wrong in the scenario under the cursor."""
        line = self.query_one("#why", Static)
        news = self._news.get(self.query_one(ScenarioRows).row or "")
        failures = news.result.failures if news is not None and news.result is not None else ()
        line.display = bool(failures)
        put(line, Content("\n".join(failures)))

    @on(OptionList.OptionHighlighted, "ScenarioRows")
    def _on_looked_at(self, message: OptionList.OptionHighlighted) -> None:
        message.stop()
        self._explain()

    @property
    def _busy(self) -> bool:
        return self._run is not None and self._run.is_running

    def _change_scenarios(self, what: str) -> None:
        match what:
            case "run" if self._busy:
                self.notify("Scenarios are running; x stops them.")
            case "run":
                self.act(self._ask_file())
            case "stop" if self._run is not None and self._busy:
                self._run.cancel()
                self.notify("Stopped; the car is as it was before.")
            case "failed":
                self._failed_only = not self._failed_only

    async def _ask_file(self) -> None:
        files = await asyncio.to_thread(scenario_files, Path.cwd())
        screen = AskScreen("Run scenarios", hint="a file or a folder", candidates=files)
        self.dashboard.push_screen(screen, self._start)

    def _start(self, file: str | None) -> None:
        world = self._world
        if file is None or world is None or self.cockpit is None:
            return
        self._file, self._news = file, {}
        path = Path(file).expanduser()
        work = self._rehearse(self.cockpit, world, path)
        self._run = self.run_worker(work, name="scenarios", exit_on_error=False)
        self._again()

    async def _rehearse(self, cockpit: Cockpit, world: World, path: Path) -> None:
        try:
            await world.rehearse(cockpit.session, path, self._told)
        except CockpitError as error:
            self.notify(error.spoken, severity="warning", markup=False)
        finally:
            self.call_later(self._again)

    def _told(self, news: ScenarioNews) -> None:
        self._news[news.id] = news
        rows = self.query_one(ScenarioRows)
        self._again()
        if news.result is None and not rows.has_focus:
            rows.put_cursor(news.id)  # the one that runs stays in sight

    # Keys.

    @on(KeyedRows.Asked)
    def _on_asked(self, message: KeyedRows.Asked) -> None:
        message.stop()
        world, row = self._world, message.rows.row or ""
        if world is None:
            return
        if isinstance(message.rows, FaultRows):
            self._change_faults(world, message.what, row)
        elif isinstance(message.rows, DialRows):
            self._turn(row, 1 if message.what == "more" else -1)
        elif isinstance(message.rows, ScenarioRows):
            self._change_scenarios(message.what)
        self._again()

    def _do(self, work: Coroutine[Any, Any, object]) -> None:
        self.act(self._done(work))

    async def _done(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        finally:
            self._again()

    def copy_text(self) -> str:
        """How the scenarios went; else the faults, as they are written."""
        if self._news:
            return "\n".join(_told(news) for news in self._news.values())
        return "\n".join(self._world.faults) if self._world is not None else ""


def _told(news: ScenarioNews) -> str:
    if news.result is None:
        return f"- {news.id}"
    if not news.result.failures:
        return f"passed {news.id}"
    return f"failed {news.id}: {' '.join(news.result.failures)}"
