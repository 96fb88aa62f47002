"""A whole session, and ``cockpit say`` and ``cockpit skills``, with a small skill of the tests."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cockpit.agent.llm.calibration import Calibration
from cockpit.agent.llm.errors import ModelStarting, PlanLost
from cockpit.agent.llm.model import Startup
from cockpit.agent.llm.remote import RemotePlanner
from cockpit.agent.plan import Plan, Utterance, Verdict
from cockpit.cli import say, skills
from cockpit.cli.exits import Exit
from cockpit.cli.vehicle import SimulatedCar, open_simulated_vehicle, open_vehicle
from cockpit.events import EngineChanged
from cockpit.session import open_session
from cockpit.settings import PlannerChoice, Settings
from skills.api import SkillSet
from tests.fakes.brokers import free_port
from tests.fakes.skill import all_skills
from vehicle_bus.config import BusSettings
from vehicle_bus.errors import CockpitError

VOLUME = "Vehicle.Cabin.Infotainment.Media.Volume"


@pytest.fixture(autouse=True)
def small_skill_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SkillSet, "installed", classmethod(lambda cls: all_skills()))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Nothing of the user's: an empty asset store, an own folder for data."""
    return Settings.model_validate(
        {
            "data_dir": tmp_path / "data",
            "assets": {"root": tmp_path / "models", "offline": True},
            "maps": {"root": tmp_path / "maps"},
            "sim": {"time_scale": 10},
        }
    )


@pytest.fixture
async def car(settings: Settings) -> AsyncIterator[SimulatedCar]:
    async with open_simulated_vehicle(settings) as car:
        yield car


async def test_session_acts_and_answers(settings: Settings, car: SimulatedCar) -> None:
    async with open_session(settings, car.bus) as session:
        turn = await session.agent.turn(Utterance("volume to 40"))
        assert turn.reply == "The volume is now at 40 percent."
        assert car.vehicle.snapshot()[VOLUME] == 40
        assert session.environment.data_dir.is_dir()


async def test_session_without_model_says_so_and_goes_on(
    settings: Settings, car: SimulatedCar
) -> None:
    async with open_session(settings, car.bus, planner=PlannerChoice.AUTO) as session:
        [notice] = session.notices
        assert notice.startswith("Only the templates understand you now.")
        assert "cockpit models pull" in notice
        assert (await session.agent.turn(Utterance("volume to 40"))).signals == {VOLUME: 40}
        assert (await session.agent.turn(Utterance("mumble"))).signals == {}


async def test_session_that_needs_the_model_ends_without_it(
    settings: Settings, car: SimulatedCar
) -> None:
    with pytest.raises(CockpitError, match="cockpit models pull"):
        async with open_session(settings, car.bus, planner=PlannerChoice.LM):
            pass


class SlowModel:
    """A language model that loads until it may stop, then plans nothing."""

    may_load: asyncio.Event

    def __init__(self, *_: object, **__: object) -> None:
        self.may_load = SlowModel.may_load = asyncio.Event()

    @property
    def ready(self) -> bool:
        return self.may_load.is_set()

    async def start(self, patience: float | None = None) -> Startup:
        try:
            async with asyncio.timeout(patience):
                await self.may_load.wait()
        except TimeoutError:
            raise ModelStarting from None
        return Startup(1.0, 10, 1.0, from_cache=False)

    async def both(self) -> None:
        pass

    async def plan(self, *_: object) -> Plan:
        return Plan((), "lm", Verdict.NOTHING)

    async def close(self) -> None:
        pass


async def test_session_answers_while_the_model_is_loading(
    settings: Settings, car: SimulatedCar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cockpit.session.RemotePlanner", SlowModel)
    monkeypatch.setattr("cockpit.session.PATIENCE", 0.01)
    agent = settings.agent.model_copy(update={"model": "any.gguf"})
    async with open_session(settings.model_copy(update={"agent": agent}), car.bus) as session:
        assert (await session.agent.turn(Utterance("volume to 40"))).signals == {VOLUME: 40}
        assert (await session.agent.turn(Utterance("mumble"))).reply == ModelStarting().spoken
        SlowModel.may_load.set()
        await session.ready()
        assert (await session.agent.turn(Utterance("mumble"))).reply == ""


@pytest.mark.parametrize("points", [(), ((1.0, 0.9),)])
async def test_session_model_has_a_say_once_it_is_loaded_if_it_is_calibrated(
    points: tuple[tuple[float, float], ...],
    settings: Settings,
    car: SimulatedCar,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cockpit.session.RemotePlanner", SlowModel)
    calibration = Calibration(points=points)
    monkeypatch.setattr("cockpit.session.calibration_of", lambda _: calibration)
    agent = settings.agent.model_copy(update={"model": "any.gguf"})
    async with open_session(settings.model_copy(update={"agent": agent}), car.bus) as session:
        assert session.model is not None
        assert not session.model.ready
        SlowModel.may_load.set()
        await session.ready()
        assert session.model.ready == bool(points)


@pytest.mark.parametrize("how", ["crash", "hang"])
async def test_session_loses_one_turn_where_the_model_breaks_and_says_so(
    how: str, settings: Settings, car: SimulatedCar, monkeypatch: pytest.MonkeyPatch
) -> None:
    thinker = Path(__file__).parents[1] / "fakes" / "thinker.py"
    command = [sys.executable, "-P", str(thinker)]
    fake = partial(RemotePlanner, command=command)
    monkeypatch.setattr("cockpit.session.RemotePlanner", fake)
    monkeypatch.setattr("cockpit.session.PATIENCE", 60.0)
    agent = settings.agent.model_copy(update={"model": "/nonexistent/any.gguf"})
    own = settings.model_copy(update={"agent": agent})
    async with open_session(own, car.bus) as session, session.events.watch() as events:
        await session.ready()
        assert (await session.agent.turn(Utterance("mumble"))).signals == {VOLUME: 50}
        if how == "hang":
            monkeypatch.setattr("cockpit.agent.llm.remote.HANG", 0.5)
        turn = await session.agent.turn(Utterance(f"mumble {how} mumble"))
        monkeypatch.setattr("cockpit.agent.llm.remote.HANG", 60.0)
        assert turn.reply == PlanLost().spoken
        assert turn.signals == {}
        # The templates plan meanwhile.
        assert (await session.agent.turn(Utterance("volume to 40"))).signals == {VOLUME: 40}
        assert (await session.agent.turn(Utterance("mumble"))).signals == {VOLUME: 50}
        told = [events.get_nowait() for _ in range(events.qsize())]
    states = [event.state for event in told if isinstance(event, EngineChanged)]
    assert states[-2:] == [{"crash": "crashed", "hang": "hung"}[how], "ready"]


async def test_session_goes_on_where_the_model_dies_while_it_loads_and_finds_it_later(
    settings: Settings, car: SimulatedCar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    thinker = Path(__file__).parents[1] / "fakes" / "thinker.py"
    fake = partial(RemotePlanner, command=[sys.executable, "-P", str(thinker)])
    monkeypatch.setattr("cockpit.session.RemotePlanner", fake)
    monkeypatch.setattr("cockpit.session.PATIENCE", 60.0)
    model = tmp_path / "any.gguf"
    model.touch()  # with it the process dies
    agent = settings.agent.model_copy(update={"model": str(model)})
    own = settings.model_copy(update={"agent": agent})
    async with open_session(own, car.bus) as session:
        await session.ready()
        assert session.model is not None
        assert not session.model.ready
        assert (await session.agent.turn(Utterance("mumble"))).signals == {}
        assert (await session.agent.turn(Utterance("volume to 40"))).signals == {VOLUME: 40}
        model.unlink()
        assert (await session.agent.turn(Utterance("mumble"))).signals == {VOLUME: 50}


async def test_session_with_a_broken_model_falls_back_to_templates(
    settings: Settings, car: SimulatedCar, tmp_path: Path
) -> None:
    model = tmp_path / "broken.gguf"
    model.write_bytes(b"this is no model")
    agent = settings.agent.model_copy(update={"model": str(model)})
    broken = settings.model_copy(update={"agent": agent})
    async with open_session(broken, car.bus) as session:
        assert (await session.agent.turn(Utterance("mumble"))).signals == {}
        assert (await session.agent.turn(Utterance("volume to 40"))).signals == {VOLUME: 40}


async def test_session_restart_forgets_the_open_question(
    settings: Settings, car: SimulatedCar
) -> None:
    async with open_session(settings, car.bus) as session:
        assert (await session.agent.turn(Utterance("open the trunk"))).asks
        await session.restart()
        turn = await session.agent.turn(Utterance("yes"))
        assert turn.signals == {}


async def test_configured_broker_is_used_as_it_is(settings: Settings) -> None:
    bus = BusSettings(host="192.0.2.1", port=1234)
    async with open_vehicle(settings.model_copy(update={"bus": bus})) as used:
        assert used is bus


async def test_simulated_car_drives_off_on_its_route(settings: Settings, car: SimulatedCar) -> None:
    line = {"type": "LineString", "coordinates": [[24.9375, 60.1708], [24.9375, 60.1758]]}
    async with (
        open_session(settings, car.bus) as session,
        session.bus.watch("Vehicle.Speed") as new,
    ):
        await session.bus.publish_document("nav/route", {"line": line, "duration_s": 90})
        await car.drive()
        assert car.vehicle.world.moving
        while not (await anext(new)).value:
            pass
        turn = await session.agent.turn(Utterance("open the trunk"))
        assert turn.reply == "I can't open the trunk while the car is moving."


# --- commands ----------------------------------------------------------------------------


def commands(settings: Settings) -> typer.Typer:
    """The commands under test, as ``cockpit`` would mount them."""
    app = typer.Typer()
    app.command("say")(say.say)
    app.add_typer(skills.app, name="skills")

    @app.callback()
    def options(context: typer.Context) -> None:
        context.obj = settings

    return app


@pytest.fixture
def cli(settings: Settings) -> typer.Typer:
    return commands(settings)


def test_say_json_prints_the_object_of_the_design(cli: typer.Typer) -> None:
    result = CliRunner().invoke(cli, ["say", "volume to 40", "--seat", "passenger", "--json"])
    assert result.exit_code == Exit.OK, result.stderr
    printed = json.loads(result.stdout)
    timings = printed.pop("timings_ms")
    assert set(timings) == {"plan", "execute", "total"}
    assert printed == {
        "text": "volume to 40",
        "seat": "passenger",
        "reply": "The volume is now at 40 percent.",
        "asks": False,
        "planner": "template",
        "plan": [
            {
                "skill": "test.write",
                "args": {"path": VOLUME, "number": 40},
                "status": "done",
                "reason": None,
            }
        ],
        "signals": {VOLUME: 40},
    }


def test_say_prints_only_the_reply_to_stdout(cli: typer.Typer) -> None:
    result = CliRunner().invoke(cli, ["say", "open the trunk"])
    assert result.stdout == "Should I open the trunk?\n"
    assert "waits for an answer" in result.stderr
    assert "test.write" in result.stderr


def test_say_with_unknown_fault_ends_with_usage(settings: Settings) -> None:
    sim = settings.sim.model_copy(update={"faults": ("nonsense",)})
    app = commands(settings.model_copy(update={"sim": sim}))
    result = CliRunner().invoke(app, ["say", "volume to 40"])
    assert result.exit_code == Exit.USAGE
    assert "nonsense" in result.stderr


def test_say_with_nobody_at_the_broker_ends_with_unavailable(settings: Settings) -> None:
    bus = BusSettings(host="127.0.0.1", port=free_port())
    result = CliRunner().invoke(
        commands(settings.model_copy(update={"bus": bus})), ["say", "volume to 40"]
    )
    assert result.exit_code == Exit.UNAVAILABLE
    assert result.stderr.startswith("cockpit: ")


def test_skills_list_names_functions_and_arguments(cli: typer.Typer) -> None:
    result = CliRunner().invoke(cli, ["skills", "list"])
    assert result.exit_code == Exit.OK
    row = next(line for line in result.stdout.splitlines() if line.startswith("test.write"))
    assert "path [number] [on]" in row
    assert "Write a signal." in row


def test_skills_list_json_carries_the_schemas(cli: typer.Typer) -> None:
    printed = json.loads(CliRunner().invoke(cli, ["skills", "list", "--json"]).stdout)
    read = next(entry for entry in printed if entry["name"] == "test.read")
    assert read["question"] is True
    assert read["parameters"]["required"] == ["path"]
