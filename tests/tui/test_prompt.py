"""Typing a request: history, completion, seats."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import OptionList

from cockpit.ui.completion import Completer
from cockpit.ui.history import KEPT, History
from cockpit.ui.prompt import Prompt
from vehicle_bus.seats import Seat

EXAMPLES = ("open my window", "open the sunroof", "close all windows", "take me to {place}")


class PromptApp(App[None]):
    """A prompt and nothing else; remembers what was sent."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.sent: list[tuple[str, Seat]] = []
        self.left = 0
        completer = Completer()
        completer.learn(EXAMPLES)
        completer.fill(["home"], [])
        self.prompt = Prompt(History(folder), completer, Seat.DRIVER)

    def compose(self) -> ComposeResult:
        self.prompt.styles.dock = "bottom"
        yield self.prompt

    def on_prompt_sent(self, message: Prompt.Sent) -> None:
        self.sent.append((message.text, message.seat))

    def on_prompt_left(self) -> None:
        self.left += 1


@asynccontextmanager
async def prompt(folder: Path) -> AsyncIterator[tuple[PromptApp, Pilot[None]]]:
    app = PromptApp(folder)
    async with app.run_test() as pilot:
        app.prompt.input.focus()
        yield app, pilot


async def type_in(pilot: Pilot[None], text: str) -> None:
    await pilot.press(*("space" if sign == " " else sign for sign in text))
    await pilot.pause()


async def test_prompt_return_sends_what_was_typed(tmp_path: Path) -> None:
    async with prompt(tmp_path) as (app, pilot):
        await type_in(pilot, "stop")
        await pilot.press("enter")
        await pilot.pause()
        assert app.sent == [("stop", Seat.DRIVER)]
        assert app.prompt.input.value == ""


async def test_prompt_tab_takes_the_completion(tmp_path: Path) -> None:
    async with prompt(tmp_path) as (app, pilot):
        await type_in(pilot, "open the")
        await pilot.press("tab")
        assert app.prompt.input.value == "open the sunroof"


async def test_prompt_tab_lists_what_has_the_words_and_return_takes_one(tmp_path: Path) -> None:
    async with prompt(tmp_path) as (app, pilot):
        await type_in(pilot, "wind")
        await pilot.press("tab")
        await pilot.pause()
        menu = app.query_one(OptionList)
        assert menu.display
        assert [str(option.prompt) for option in menu.options] == [
            "open my window",
            "close all windows",
        ]
        # It stands on the prompt, in full sight.
        assert menu.region.bottom == app.prompt.region.y
        await pilot.press("down", "enter")
        await pilot.pause()
        assert not menu.display
        assert app.prompt.input.value == "close all windows"
        assert app.sent == []


async def test_prompt_escape_closes_the_list_and_then_leaves(tmp_path: Path) -> None:
    async with prompt(tmp_path) as (app, pilot):
        await type_in(pilot, "wind")
        await pilot.press("tab", "escape")
        await pilot.pause()
        assert not app.query_one(OptionList).display
        assert app.left == 0
        await pilot.press("escape")
        await pilot.pause()
        assert app.left == 1


async def test_prompt_up_and_down_walk_through_what_begins_like_the_text(tmp_path: Path) -> None:
    history = History(tmp_path)
    for line in ("open my window", "close all windows", "open the sunroof"):
        history.add(line)
    async with prompt(tmp_path) as (app, pilot):
        await type_in(pilot, "open")
        seen = []
        for key in ("up", "up", "up", "down", "down"):
            await pilot.press(key)
            await pilot.pause()
            seen.append(app.prompt.input.value)
    assert seen == [
        "open the sunroof",
        "open my window",
        "open my window",
        "open the sunroof",
        "open",
    ]


async def test_prompt_history_is_there_at_the_next_start(tmp_path: Path) -> None:
    async with prompt(tmp_path) as (app, pilot):
        await type_in(pilot, "stop")
        await pilot.press("enter")
    async with prompt(tmp_path) as (app, pilot):
        await pilot.press("up")
        await pilot.pause()
        assert app.prompt.input.value == "stop"


async def test_prompt_next_seat_types_from_now_on(tmp_path: Path) -> None:
    async with prompt(tmp_path) as (app, pilot):
        app.prompt.next_seat()
        await type_in(pilot, "stop")
        await pilot.press("enter")
        await pilot.pause()
        assert app.sent == [("stop", Seat.PASSENGER)]


def test_history_keeps_each_line_once_and_not_too_many(tmp_path: Path) -> None:
    history = History(tmp_path)
    for number in range(KEPT + 10):
        history.add(f"line {number}")
    history.add("line 20")
    again = History(tmp_path)
    assert len(again.lines) == KEPT
    assert again.lines[-1] == "line 20"
    assert again.lines.count("line 20") == 1


def test_history_of_a_folder_that_cannot_be_written_is_remembered_all_the_same(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("no folder")
    history = History(tmp_path / "file")
    history.add("stop")
    assert history.older("") == "stop"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("op", "open my window"),
        ("OPEN T", "OPEN The sunroof"),
        ("take me to h", "take me to home"),
        ("@passenger op", "@passenger open my window"),
        ("@rear_l", "@rear_left "),
        ("window", None),
        ("", None),
    ],
)
def test_completer_suggests_the_likeliest_ending(text: str, expected: str | None) -> None:
    completer = Completer()
    completer.learn(EXAMPLES)
    completer.fill(["home"], [])
    assert completer.suggestion(text) == expected


def test_completer_prefers_what_was_typed_last(tmp_path: Path) -> None:
    completer = Completer()
    completer.learn(EXAMPLES)
    completer.recent = ("open the trunk", "@passenger open my door")
    assert completer.candidates("open")[:3] == [
        "open my door",
        "open the trunk",
        "open my window",
    ]


def test_completer_leaves_out_examples_whose_slot_nothing_fills() -> None:
    completer = Completer()
    completer.learn(EXAMPLES)
    assert "take me to {place}" not in completer.candidates("take")
    completer.fill(["work", "the gym"], [])
    assert completer.candidates("take") == ["take me to work", "take me to the gym"]
