"""Small parts of the commands: errors as sentences, results' files, typed text."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cockpit.addressing import AddressUnknown, addressed, typed
from cockpit.cli.exits import (
    Exit,
    UsageError,
    check_writable,
    complain_of_file,
    make_folder,
    run_async,
)
from vehicle_bus.errors import BusUnreachable, CockpitError
from vehicle_bus.seats import Seat


async def fail(*errors: Exception) -> None:
    async with asyncio.TaskGroup() as group:
        for error in errors:
            group.create_task(_raise(error))


async def _raise(error: Exception) -> None:
    raise error


def test_run_async_ends_with_the_sentence_of_a_group(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run_async(fail(BusUnreachable("No bus."), CockpitError("Nor this.")))
    assert ended.value.code == Exit.UNAVAILABLE
    assert capsys.readouterr().err == "cockpit: No bus.\n"


def test_run_async_does_not_hide_a_programming_error() -> None:
    with pytest.raises(ExceptionGroup):
        run_async(fail(BusUnreachable("No bus."), KeyError("x")))


def test_run_async_lets_a_closed_output_out_of_its_group() -> None:
    with pytest.raises(BrokenPipeError):
        run_async(fail(BrokenPipeError()))


def test_complain_of_file_names_file_and_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert complain_of_file(OSError(28, "No space left", "/a")) is Exit.UNAVAILABLE
    assert capsys.readouterr().err == "cockpit: /a cannot be used: No space left.\n"


def test_check_writable_refuses_before_the_work(tmp_path: Path) -> None:
    check_writable(None)
    check_writable(tmp_path / "new.json")
    assert not list(tmp_path.iterdir())
    with pytest.raises(UsageError, match="is a folder"):
        check_writable(tmp_path)
    with pytest.raises(UsageError, match="There is no folder"):
        check_writable(tmp_path / "nowhere" / "new.json")


def test_make_folder_refuses_what_is_a_file(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file"):
        make_folder(tmp_path / "file")
    with pytest.raises(UsageError, match="cannot be made"):
        make_folder(tmp_path / "file" / "below")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("open my window", (Seat.REAR_LEFT, "open my window")),
        ("@passenger  open my window ", (Seat.PASSENGER, "open my window")),
        ("@Rear-Right stop", (Seat.REAR_RIGHT, "stop")),
    ],
)
def test_addressed_takes_the_seat_from_the_line(line: str, expected: tuple[Seat, str]) -> None:
    assert addressed(line, Seat.REAR_LEFT) == expected


@pytest.mark.parametrize("line", ["@trunk open", "@", "@driver", "@driver  "])
def test_addressed_refuses_an_unknown_seat_and_silence(line: str) -> None:
    with pytest.raises(AddressUnknown):
        addressed(line, Seat.DRIVER)


def test_typed_text_can_always_be_encoded() -> None:
    assert typed(" \udcff caf\u00e9 ") == "? caf\u00e9"
