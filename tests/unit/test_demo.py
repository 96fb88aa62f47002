"""The demo's conversation, its recordings and what is shown of it."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from rich.console import Console

from cockpit.agent.plan import Call, Outcome, Turn, Utterance
from cockpit.demo import conversation as demo
from cockpit.demo.conversation import NoRecordings, Recording, own_recordings, record, recorded
from cockpit.demo.screen import Screen, summary, words_heard
from cockpit.events import TurnFinished
from cockpit.speech.piper import PiperVoice
from cockpit.speech.recognizer import Transcript
from cockpit.voice import SpokenTurn
from cockpit.workers.process import Rules
from skills.api import Status
from vehicle_bus.seats import Seat

TALKER = Path(__file__).parents[1] / "fakes" / "talker.py"
SILENT = Console(file=io.StringIO())
TIMES = {"plan": 12.0, "execute": 1034.0, "total": 1046.0}


def talker(folder: Path) -> PiperVoice:
    model = folder / "voice.onnx"
    model.touch()
    return PiperVoice(
        model, command=[sys.executable, str(TALKER), str(folder)], rules=Rules(backoff=(0.0,))
    )


def spoken(seat: Seat, *statuses: Status, reply: str = "Done.") -> SpokenTurn:
    outcomes = tuple(Outcome(Call("climate.set_fan"), status) for status in statuses)
    turn = Turn(Utterance("x", seat), reply, False, "template", outcomes, {}, TIMES)
    transcript = Transcript("x", 0.9, 1.0, 0.1, "test")
    return SpokenTurn(transcript, turn, None, {"recognize": 200.0, "first_audio": 1010.0})


def test_conversation_has_the_turns_that_it_must_show() -> None:
    lines = demo.conversation()
    assert len(lines) >= 8
    assert {line.seat for line in lines} == {Seat.DRIVER, Seat.PASSENGER}
    assert sum(line.drive for line in lines) == 1


async def test_record_makes_every_line_once(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    await record(folder, talker(tmp_path), SILENT)
    recordings = recorded(folder)
    assert all(recording.file.stat().st_size > 44 for recording in recordings)
    (tmp_path / "broken").touch()  # a voice that is started now fails
    await record(folder, talker(tmp_path), SILENT)


async def test_record_makes_a_changed_line_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "demo"
    await record(folder, talker(tmp_path), SILENT)
    kept, changed, *_ = recorded(folder)
    lines = list(demo.conversation())
    lines[1] = lines[1].model_copy(update={"text": "One two three four five six seven"})
    monkeypatch.setattr(demo, "conversation", lambda: tuple(lines))
    before = {file: file.read_bytes() for file in (kept.file, changed.file)}
    await record(folder, talker(tmp_path), SILENT)
    assert kept.file.read_bytes() == before[kept.file]
    assert changed.file.read_bytes() != before[changed.file]


def test_own_recordings_take_the_seat_from_the_name(tmp_path: Path) -> None:
    for name in ("1.wav", "2-passenger.FLAC", "3 rear-left.ogg", "notes.txt", "4_passengers.wav"):
        (tmp_path / name).touch()
    seats = {recording.file.name: recording.seat for recording in own_recordings(tmp_path)}
    assert seats == {
        "1.wav": Seat.DRIVER,
        "2-passenger.FLAC": Seat.PASSENGER,
        "3 rear-left.ogg": Seat.REAR_LEFT,
        "4_passengers.wav": Seat.DRIVER,
    }


def test_own_recordings_without_a_folder_or_files_say_so(tmp_path: Path) -> None:
    with pytest.raises(NoRecordings, match="There is no folder"):
        own_recordings(tmp_path / "nowhere")
    with pytest.raises(NoRecordings, match="no WAV, FLAC or OGG"):
        own_recordings(tmp_path)


@pytest.mark.parametrize(
    ("said", "heard", "share"),
    [
        ("Set it to twenty two degrees.", "set it to 22 degrees", "100%"),
        ("Open the trunk.", "Open the truck.", "67%"),
        ("Stop.", "", "0%"),
        (None, "anything", ""),
    ],
)
def test_words_heard_takes_digits_for_words(said: str | None, heard: str, share: str) -> None:
    assert words_heard(said, heard) == share


def test_summary_fits_80_columns_with_whole_seat_names() -> None:
    turns = [
        (Recording(Path("a.wav"), Seat.REAR_RIGHT, "x"), spoken(Seat.REAR_RIGHT, Status.DONE)),
        (Recording(Path("b.wav"), Seat.PASSENGER), spoken(Seat.PASSENGER, *list(Status))),
    ]
    output = io.StringIO()
    Console(file=output, width=80).print(summary(turns, 3))
    lines = output.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert "rear right" in output.getvalue()
    assert "passenger" in output.getvalue()
    assert "1034" in output.getvalue()


def test_screen_wraps_a_long_reply_behind_its_label() -> None:
    output = io.StringIO()
    screen = Screen(Console(file=output, width=80))
    turn = spoken(Seat.DRIVER, reply="[bold] " + "a word " * 40 + "w").turn
    assert turn is not None
    screen._event(TurnFinished(turn))
    first, *rest = output.getvalue().splitlines()
    assert first.startswith("  reply  [bold] a word")
    assert rest
    assert all(line.startswith(" " * 9) and line[9] in "aw" for line in rest)
    assert max(map(len, [first, *rest])) <= 80
