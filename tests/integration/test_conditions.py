"""Conditional sentences from text to bus: the embedded broker, the simulated car, our skills."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cockpit.agent.plan import Turn, Utterance
from cockpit.agent.policies import AC, SPEED, SUNROOF, TRUNKS, WINDOWS
from cockpit.cli import say
from cockpit.cli.vehicle import SimulatedCar, open_simulated_vehicle
from cockpit.session import Session, open_session
from cockpit.settings import PlannerChoice, Settings
from skills.api import Status, Value
from vehicle_bus.seats import Seat

RAIN = "Vehicle.Body.Raindetection.Intensity"
BATTERY = "Vehicle.Powertrain.TractionBattery.StateOfCharge.Current"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate(
        {
            "data_dir": tmp_path / "data",
            "agent": {"planner": "template"},
            "assets": {"root": tmp_path / "models", "offline": True},
            "maps": {"root": tmp_path / "maps"},
            "sim": {"time_scale": 50},
        }
    )


class Driver:
    """Somebody in a simulated car, for a row of independent turns."""

    def __init__(self, car: SimulatedCar, session: Session) -> None:
        self.car = car
        self._session = session

    async def given(self, signals: Mapping[str, Value] = {}, absent: tuple[str, ...] = ()) -> None:
        """Start again with some signals, and without others."""
        await self.car.vehicle.reset(signals, absent)
        await self.car.vehicle.shown_on(self._session.bus)
        await self._session.restart()

    async def says(self, text: str, seat: Seat = Seat.DRIVER) -> Turn:
        return await self._session.agent.turn(Utterance(text, seat))

    async def sees(self) -> None:
        """Wait until a fault, or its end, is known here."""
        await self.car.vehicle.shown_on(self._session.bus)

    async def state(self) -> dict[str, Value]:
        await self.car.vehicle.settled()
        return self.car.vehicle.snapshot()


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Driver]:
    async with (
        open_simulated_vehicle(settings) as car,
        open_session(settings, car.bus, planner=PlannerChoice.TEMPLATE) as session,
    ):
        yield Driver(car, session)


async def test_command_runs_only_where_its_condition_holds(settings: Settings) -> None:
    open_windows = dict.fromkeys(WINDOWS, 100)
    async with opened(settings) as driver:
        await driver.given({**open_windows, RAIN: 40})
        turn = await driver.says("if it's raining, close the windows")
        assert "I left" not in turn.reply
        state = await driver.state()
        assert [state[path] for path in WINDOWS] == [0, 0, 0, 0]

        await driver.given({**open_windows})
        turn = await driver.says("if it's raining, close the windows")
        assert turn.reply == "It isn't raining, so I left the windows as they are."
        assert (turn.outcomes[0].status, turn.signals) == (Status.SKIPPED, {})
        assert not turn.asks
        state = await driver.state()
        assert [state[path] for path in WINDOWS] == [100] * 4

        # Nothing happened, so there is nothing to take back.
        assert (await driver.says("undo that")).signals == {}
        turn = await driver.says("do it anyway")
        assert set(turn.signals) == set(WINDOWS)
        await driver.says("undo that")
        state = await driver.state()
        assert [state[path] for path in WINDOWS] == [100] * 4


async def test_one_branch_of_otherwise_runs(settings: Settings) -> None:
    text = "if the battery is below twenty percent turn off the ac, otherwise turn it on"
    async with opened(settings) as driver:
        await driver.given({BATTERY: 15.0, AC: True})
        turn = await driver.says(text)
        assert turn.signals == {AC: False}
        assert "percent" not in turn.reply
        await driver.given({BATTERY: 60.0})
        turn = await driver.says(text)
        assert turn.signals[AC] is True
        assert [outcome.status for outcome in turn.outcomes] == [Status.SKIPPED, Status.DONE]


async def test_what_the_car_cannot_tell_lets_nothing_happen(settings: Settings) -> None:
    async with opened(settings) as driver:
        await driver.given(absent=(RAIN,))
        for text in ("open the sunroof if it isn't raining", "if it's raining open the sunroof"):
            turn = await driver.says(text)
            said = "I can't tell whether it's raining, so I left the sunroof as it is."
            assert (turn.reply, turn.signals) == (said, {})

        await driver.given()
        await driver.car.vehicle.inject("offline:environment")
        await driver.sees()
        text = "if it's raining turn on the ac, otherwise open the sunroof"
        turn = await driver.says(text)
        assert turn.reply.startswith("I can't tell whether it's raining, so I left the air")
        assert turn.signals == {}
        await driver.car.vehicle.heal()
        await driver.sees()
        turn = await driver.says("if it isn't raining turn on the ac")
        assert turn.signals == {AC: True}


async def test_policies_hold_for_conditional_commands(settings: Settings) -> None:
    async with opened(settings) as driver:
        await driver.given({SPEED: 40.0})
        turn = await driver.says("if we are driving open the trunk")
        assert turn.reply == "I can't open the trunk while the car is moving."
        await driver.given()
        turn = await driver.says("if the trunk is closed open it, otherwise close it")
        assert (turn.asks, turn.reply) == (True, "Should I open the trunk?")
        turn = await driver.says("yes")
        assert turn.signals == {TRUNKS[0]: True}
        assert (await driver.state())[TRUNKS[0]] is True


async def test_my_is_the_speakers_in_a_condition_too(settings: Settings) -> None:
    async with opened(settings) as driver:
        await driver.given({WINDOWS[1]: 100})
        turn = await driver.says("if my window is open close it", Seat.DRIVER)
        assert turn.reply == "Your window isn't open, so I left your window as it is."
        turn = await driver.says("if my window is open close it", Seat.PASSENGER)
        assert set(turn.signals) == {WINDOWS[1]}


async def test_condition_is_of_the_moment_before_the_plan_runs(settings: Settings) -> None:
    async with opened(settings) as driver:
        await driver.given()
        turn = await driver.says("open the sunroof and if the sunroof is open turn on the ac")
        assert AC not in turn.signals
        assert turn.signals[SUNROOF] == 100
        assert "The sunroof isn't open, so I left the air conditioning as it is." in turn.reply


def test_say_json_shows_the_skipped_call(settings: Settings) -> None:
    app = typer.Typer()
    app.command("say")(say.say)

    @app.callback()
    def options(context: typer.Context) -> None:
        context.obj = settings

    result = CliRunner().invoke(app, ["say", "if it's raining close the windows", "--json"])
    [call] = json.loads(result.stdout)["plan"]
    assert call == {
        "skill": "windows.set_window",
        "args": {"position": 0, "where": "all"},
        "status": "skipped",
        "reason": "it isn't raining",
        "when": "raining",
    }
