"""What the doctor finds wrong, and what it says to do."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from cockpit.cli import doctor
from cockpit.cli.doctor import CHECKS, Finding, State
from cockpit.settings import PlannerChoice, Settings
from cockpit.speech.audio import Audio, write_wav


@pytest.fixture
def empty(tmp_path: Path) -> Settings:
    """Settings of a machine on which nothing was set up."""
    return Settings.model_validate(
        {
            "data_dir": tmp_path / "data",
            "assets": {"root": tmp_path / "models", "offline": True},
            "maps": {"root": tmp_path / "maps"},
            "bus": {"host": "127.0.0.1", "port": 1},
            "agent": {"model": "smollm2-135m"},
        }
    )


@pytest.mark.parametrize(
    ("part", "found", "advice"),
    [
        ("assets", "smollm2-135m is missing", "cockpit models pull"),
        ("broker", "Nothing answers at 127.0.0.1:1", "leave bus.host empty"),
        ("map", "no map called helsinki", "cockpit maps import"),
        ("language model", "smollm2-135m is not here", "agent.model"),
        ("recogniser", "No speech recognition model", "speech.whisper_model"),
        ("voice", "piper-en-us-joe is not here", "speech.voice"),
    ],
)
async def test_doctor_says_what_to_do_about_what_is_missing(
    part: str, found: str, advice: str, empty: Settings
) -> None:
    finding = await CHECKS[part](empty)
    assert finding.state is State.BROKEN
    assert found in finding.found
    assert advice in finding.advice


async def test_doctor_finds_a_data_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    finding = await CHECKS["data folder"](Settings(data_dir=tmp_path / "file" / "data"))
    assert finding.state is State.BROKEN
    assert "data_dir" in finding.advice


async def test_doctor_is_content_with_interpreter_broker_and_data_folder(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    for part in ("interpreter", "broker", "data folder"):
        assert (await CHECKS[part](settings)).state is State.OK, part


async def test_doctor_does_not_miss_a_model_that_nobody_uses(empty: Settings) -> None:
    agent = empty.agent.model_copy(update={"planner": PlannerChoice.TEMPLATE})
    finding = await CHECKS["language model"](empty.model_copy(update={"agent": agent}))
    assert finding.state is State.OPTIONAL


async def test_doctor_misses_a_sound_device_that_was_named() -> None:
    audio = {"input": "no such device", "output": "no such device"}
    settings = Settings.model_validate({"audio": audio})
    for part, setting in (("microphone", "audio.input"), ("loudspeaker", "audio.output")):
        finding = await CHECKS[part](settings)
        assert finding.state is State.BROKEN
        assert setting in finding.advice


async def test_doctor_is_content_with_files_for_sound_and_writes_none(tmp_path: Path) -> None:
    write_wav(tmp_path / "in.wav", Audio.silence(0.1))
    audio = {"input": str(tmp_path / "in.wav"), "output": str(tmp_path / "out.wav")}
    settings = Settings.model_validate({"audio": audio})
    for part in ("microphone", "loudspeaker"):
        assert (await CHECKS[part](settings)).state is State.OK
    assert not (tmp_path / "out.wav").exists()


def test_doctor_shows_text_in_brackets_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    output = io.StringIO()
    monkeypatch.setattr(doctor, "Console", lambda **_: Console(file=output, width=80))
    doctor._show([Finding("map", State.BROKEN, "no [red]map[/] here", "Do [this].")])
    assert output.getvalue().split()[2:5] == ["no", "[red]map[/]", "here"]
    assert "→ Do [this]." in output.getvalue()
