"""The conversation's panel: pictures, and the keyboard on a real car."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.agent.plan import Call, Utterance
from cockpit.events import CaptionChanged, TurnFinished, UtteranceHeard
from cockpit.ui import telling
from cockpit.ui.app import CockpitApp
from cockpit.ui.panels.conversation import SHOWN, Bubble, Transcript
from cockpit.ui.prompt import RequestInput
from cockpit.ui.state import State, TurnRecord
from tests.tui import scenes
from tests.tui.dashboards import SIZES, SMALL, THEMES, StillApp, drawn, frozen_state, running, until
from vehicle_bus.seats import Seat

WINDOW = scenes.WINDOW
PASSENGER = Seat.PASSENGER


@pytest.mark.parametrize("size", SIZES, ids=["small", "large"])
@pytest.mark.parametrize("theme", THEMES)
def test_conversation_looks_as_it_did(
    snap_compare: Callable[..., bool], tmp_path: Path, size: tuple[int, int], theme: str
) -> None:
    app = StillApp(scenes.talking(), "conversation", theme, tmp_path)
    assert snap_compare(app, terminal_size=size, run_before=drawn)


@pytest.mark.parametrize("scene", [scenes.loading, scenes.typed_only])
def test_conversation_before_the_first_turn_looks_as_it_did(
    snap_compare: Callable[..., bool], tmp_path: Path, scene: Callable[[], State]
) -> None:
    app = StillApp(scene(), "conversation", THEMES[0], tmp_path)
    assert snap_compare(app, terminal_size=SMALL, run_before=drawn)


def shown(app: CockpitApp) -> list[str]:
    """What the bubbles say."""
    return [str(bubble.render()) for bubble in app.query(Bubble) if bubble.display]


async def test_conversation_typed_request_moves_the_window_and_is_answered(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        await pilot.press(*"open", "space", *"my", "space", *"window", "enter")
        await until(pilot, lambda: app.state.last_turn is not None and app.state.last_turn.turn)
        await until(pilot, lambda: app.state.vehicle.values.get(WINDOW, 0) > 0)
        await until(pilot, lambda: "car Opening your window." in shown(app)[-1])
        assert "driver open my window" in shown(app)[-2]


async def test_conversation_seat_key_types_from_the_next_seat(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        await pilot.press("ctrl+s", *"stop", "enter")
        await until(pilot, lambda: app.state.last_turn is not None)
        turn = app.state.last_turn
        assert turn is not None
        assert turn.utterance == Utterance("stop", Seat.PASSENGER)


async def test_conversation_keys_choose_a_turn_and_put_it_into_the_prompt(tmp_path: Path) -> None:
    app = StillApp(scenes.talking(), "conversation", THEMES[0], tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: isinstance(app.focused, Transcript) and len(shown(app)) > 6)
        await pilot.press("up", "up")
        await until(pilot, lambda: app.chosen_turn and app.chosen_turn.utterance.seat is PASSENGER)

        def marked() -> list[object]:
            return [bubble.entry for bubble in app.query(Bubble) if bubble.has_class("-chosen")]

        await until(pilot, lambda: marked() == [app.chosen_turn] * 2)
        await pilot.press("a")
        prompt = app.query_one(RequestInput)
        await until(pilot, lambda: prompt.value == "I'm freezing, do something about it")
        assert prompt.has_focus
        assert app.seat is PASSENGER


async def test_conversation_caption_grows_and_goes_when_the_utterance_is_there(
    tmp_path: Path,
) -> None:
    state = frozen_state()
    app = StillApp(state, "conversation", THEMES[0], tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        for text in ("open", "open my window"):
            state.on_event(CaptionChanged(text, Seat.DRIVER))
            app.feed.touch()
            await until(pilot, lambda text=text: f"{text} …" in " ".join(shown(app)))  # type: ignore[misc]
        state.on_event(UtteranceHeard(Utterance("open my window", Seat.DRIVER, 0.9)))
        app.feed.touch()
        await until(pilot, lambda: "…" not in shown(app)[-3:][0])
        assert not app.query_one("#caption").display


async def test_conversation_keeps_only_the_newest_bubbles(tmp_path: Path) -> None:
    state = frozen_state()
    for number in range(SHOWN + 20):
        state.note(f"note {number}")
    app = StillApp(state, "conversation", THEMES[0], tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: len(app.query(Bubble)) == SHOWN + 1)  # with the caption
        for number in range(30):
            state.note(f"later {number}")
        app.feed.touch()
        await until(pilot, lambda: "later 29" in shown(app)[-1])
        await until(pilot, lambda: len(app.query(Bubble)) == SHOWN + 1)


async def test_conversation_copies_the_chosen_turn(tmp_path: Path) -> None:
    app = StillApp(scenes.talking(), "conversation", THEMES[0], tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: len(shown(app)) > 6)
        turns = [entry for entry in app.state.entries if isinstance(entry, TurnRecord)]
        app.choose_turn(turns[0])
        await pilot.press("ctrl+y")
        assert app.clipboard == (
            "driver: open my window halfway\ncar: Opening your window to 50 percent."
        )


def test_turn_that_is_running_says_what_it_does() -> None:
    state = frozen_state()
    events = scenes.turn("stop", "Okay.", Call("assistant.stop"))
    said = []
    for event in events:
        state.on_event(event)
        turn = state.last_turn
        assert turn is not None
        said.append(telling.answered(turn).plain)
        if isinstance(event, TurnFinished):
            break
    assert said[0] == "car … thinking"
    assert said[2] == "car … assistant.stop"
    assert said[-1].startswith("car Okay.  template")
