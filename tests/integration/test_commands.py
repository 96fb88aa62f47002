"""The commands as processes: output, exit codes, Ctrl-C (DESIGN §9)."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest

from cockpit.assets.store import AssetStore
from cockpit.cli.exits import Exit
from cockpit.settings import AssetSettings
from cockpit.speech.audio import Audio, read_audio, write_wav
from cockpit.speech.piper import PiperVoice

COCKPIT = Path(sys.executable).with_name("cockpit")
ENGINES = ("whisper-tiny.en", "piper-en-us-joe")
TEMPLATES = ("--set", "agent.planner=template")
SOON = 2.0
"""Seconds in which Ctrl-C ends a command; more on a machine that is busy with other tests."""
BUSY = 4.0

needs_engines = pytest.mark.skipif(
    not all(AssetStore.from_settings(AssetSettings()).has(name) for name in ENGINES),
    reason="recogniser and voice are not in the asset store (cockpit models pull)",
)


def cockpit(
    *arguments: str | Path, said: str = "", data: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [COCKPIT, *arguments],
        input=said,
        capture_output=True,
        text=True,
        timeout=90,
        env=environment(data),
        check=False,
    )


def environment(data: Path | None) -> dict[str, str]:
    return {**os.environ, **({"COCKPIT_DATA_DIR": str(data)} if data else {})}


@contextmanager
def running(*arguments: str | Path, data: Path) -> Iterator[subprocess.Popen[str]]:
    """A command in a process group of its own, as a shell starts it."""
    with subprocess.Popen(
        [COCKPIT, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(data),
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def interrupt(
    process: subprocess.Popen[str], number: signal.Signals = signal.SIGINT
) -> tuple[float, str]:
    """Ctrl-C: everything in the process group gets it. Returns seconds until the end, stderr.

    SIGTERM only the process itself gets, as from a service manager.
    """
    children = psutil.Process(process.pid).children(recursive=True)
    began = time.monotonic()
    os.killpg(process.pid, number) if number is signal.SIGINT else process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    took = time.monotonic() - began
    _, alive = psutil.wait_procs(children, timeout=1)
    assert not alive
    return took, errors


def test_say_json_is_one_object_and_nothing_else(tmp_path: Path) -> None:
    ended = cockpit(
        *TEMPLATES, "say", "--json", "--seat", "passenger", "open my window", data=tmp_path
    )
    assert (ended.returncode, ended.stderr) == (Exit.OK, "")
    answer = json.loads(ended.stdout)
    assert set(answer) == {
        "text", "seat", "reply", "asks", "planner", "plan", "signals", "timings_ms",
    }  # fmt: skip
    assert answer["signals"] == {"Vehicle.Cabin.Door.Row1.PassengerSide.Window.Position": 100}
    assert set(answer["timings_ms"]) == {"plan", "execute", "total"}
    (call,) = answer["plan"]
    assert set(call) == {"skill", "args", "status", "reason"}


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--set", "bus.hots=x", "say", "hi"], Exit.USAGE, "did you mean bus.host?"),
        (["--config", "nowhere.toml", "say", "hi"], Exit.USAGE, "nowhere.toml does not exist"),
        (
            ["--set", "bus.host=127.0.0.1", "--set", "bus.port=1", "say", "hi"],
            Exit.UNAVAILABLE,
            "Nothing answers at 127.0.0.1:1",
        ),
        (["listen", "nowhere.wav"], Exit.USAGE, "There is no audio file nowhere.wav"),
        (["demo", "--folder", "nowhere"], Exit.USAGE, "There is no folder nowhere"),
        (["eval", "broken.yaml"], Exit.USAGE, "broken.yaml is not YAML: line 2"),
        (["bench", "bus", "--json", "no/b.json"], Exit.USAGE, "There is no folder"),
        (["bench", "bus", "--model", "small"], Exit.USAGE, "for `cockpit bench models` only"),
        (["bench", "models", "nowhere.yaml"], Exit.USAGE, "nowhere.yaml does not exist"),
        (
            ["eval", "good.yaml", "--planner", "lm", "--model", "tiny"],
            Exit.USAGE,
            "There is no language model tiny; name one of",
        ),
        (
            ["eval", "good.yaml", "--planner", "template", "--model", "tiny"],
            Exit.USAGE,
            "--model says nothing to the template planner",
        ),
    ],
)
def test_command_that_cannot_be_done_says_so_in_a_sentence(
    arguments: list[str], code: Exit, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("broken.yaml").write_text("- id: [a\n", encoding="utf-8")
    ended = cockpit(*TEMPLATES, *arguments, data=tmp_path)
    assert ended.returncode == code
    assert ended.stdout == ""
    assert ended.stderr.startswith("cockpit: ")
    assert sentence in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_eval_prints_a_line_a_failure_and_the_sum(tmp_path: Path) -> None:
    file = tmp_path / "two.yaml"
    temperature = "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature"
    file.write_text(
        "- {id: good, turns: [{user: set the temperature to 23,"
        f" expect: {{signals: {{{temperature}: 23}}}}}}]}}\n"
        "- {id: bad, turns: [{user: set the temperature to 23}]}\n",
        encoding="utf-8",
    )
    ended = cockpit("eval", file, "--planner", "template", "--json", tmp_path / "out.json")
    assert ended.returncode == Exit.FAILED
    assert ended.stderr == "template planned 2, 1 wrong\n"
    failure, summed = ended.stdout.splitlines()
    assert failure.startswith(f"FAIL bad: {temperature}")
    assert summed == "1 passed, 1 failed"
    report = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert (report["total"], report["passed"], report["failed"]) == (2, 1, 1)
    assert report["planners"] == {"template": {"planned": 2, "wrong": 1}}
    assert set(report["results"][0]) == {"id", "passed", "failures", "planner", "latency_ms"}


def test_bench_models_leaves_out_what_is_not_there(tmp_path: Path) -> None:
    file, out = tmp_path / "one.yaml", tmp_path / "out.json"
    file.write_text("- {id: one, turns: [{user: how are you}]}\n", encoding="utf-8")
    nowhere = ("--set", f"assets.root={tmp_path}")
    ended = cockpit(*nowhere, "bench", "models", file, "--json", out, data=tmp_path)
    assert ended.returncode == Exit.OK
    assert "lm qwen2.5-coder-1.5b is left out." in " ".join(ended.stderr.split())
    shown = ended.stdout.splitlines()
    assert shown[0] == "cockpit bench models"
    assert shown[-1].split()[:4] == ["template", "-", "1", "1"]
    [row] = json.loads(out.read_text(encoding="utf-8"))
    assert row["planners"] == {"template": {"planned": 1, "wrong": 0}}
    assert row["memory_mb"] > 50


def test_run_answers_a_pipe_on_stdout_and_keeps_its_notes_off_it(tmp_path: Path) -> None:
    said = "open my window\n@trunk hello\n@passenger what is the battery level\n"
    ended = cockpit(*TEMPLATES, "run", "--mute", said=said, data=tmp_path)
    assert ended.returncode == Exit.OK
    window, battery = ended.stdout.splitlines()
    assert window == "Opening your window."
    assert "62 percent" in battery
    assert "There is no seat @trunk" in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_ends_at_once_when_it_is_told(number: signal.Signals, tmp_path: Path) -> None:
    with running(*TEMPLATES, "run", "--mute", data=tmp_path) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("Type a request")
        took, errors = interrupt(process, number)
    assert process.returncode == Exit.INTERRUPTED
    assert errors == ""
    assert took < SOON


@pytest.mark.parametrize("seconds", [0.15, 0.6, 1.4])
def test_ctrl_c_while_starting_shows_no_traceback(seconds: float, tmp_path: Path) -> None:
    with running("listen", "nowhere.wav", data=tmp_path) as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            took, errors = interrupt(process)
            # It may just have ended by itself, or be past the last line of Python.
            assert process.returncode in (Exit.INTERRUPTED, -signal.SIGINT, Exit.USAGE)
            assert "Traceback" not in errors
            assert took < BUSY


def test_output_closed_early_is_no_fault() -> None:
    listing = f"{COCKPIT} skills list --json; echo $? >&2"
    ended = subprocess.run(
        ["bash", "-c", f"({listing}) | true"], capture_output=True, text=True, check=True
    )
    assert ended.stderr == "0\n"


async def record(file: Path, *requests: str) -> None:
    """Spoken requests with long pauses between them."""
    pause = Audio(np.zeros(3 * 22_050, np.float32), 22_050)
    parts = [pause]
    async with PiperVoice(
        AssetStore.from_settings(AssetSettings()).path("piper-en-us-joe")
    ) as voice:
        for request in requests:
            parts += [await voice.synthesize(request), pause]
    write_wav(file, Audio.join(parts))


@needs_engines
@pytest.mark.models
def test_listen_takes_every_request_of_a_recording(tmp_path: Path) -> None:
    file, reply = tmp_path / "two.wav", tmp_path / "reply.wav"
    asyncio.run(record(file, "Open my window halfway.", "How far can I still drive?"))
    ended = cockpit(*TEMPLATES, "listen", file, "--json", "--reply-wav", reply, data=tmp_path)
    assert ended.returncode == Exit.OK
    window, distance = (json.loads(line) for line in ended.stdout.splitlines())
    assert window["signals"] == {"Vehicle.Cabin.Door.Row1.DriverSide.Window.Position": 50}
    assert "248" in distance["reply"]
    assert {"recognize", "plan", "execute", "total", "first_audio"} <= set(window["timings_ms"])
    assert read_audio(reply).seconds > 3


@needs_engines
@pytest.mark.models
def test_listen_to_silence_prints_an_object_without_words(tmp_path: Path) -> None:
    file = tmp_path / "silence.wav"
    write_wav(file, Audio.silence(2.0))
    ended = cockpit("listen", file, "--json", data=tmp_path)
    assert ended.returncode == Exit.OK
    assert json.loads(ended.stdout)["transcript"] == ""
    assert ended.stderr == "Nobody speaks in silence.wav.\n"


@needs_engines
@pytest.mark.models
def test_ctrl_c_in_a_conversation_ends_the_voice_process(tmp_path: Path) -> None:
    with running(*TEMPLATES, "demo", "--out", tmp_path, data=tmp_path) as process:
        assert process.stdout is not None
        while not process.stdout.readline().startswith("Turn 1 "):
            assert process.poll() is None
        assert psutil.Process(process.pid).children()
        took, errors = interrupt(process)
    assert process.returncode == Exit.INTERRUPTED
    assert errors == ""
    assert took < BUSY


@needs_engines
@pytest.mark.models
@pytest.mark.slow
def test_demo_turns_come_out_as_they_are_meant(tmp_path: Path) -> None:
    ended = cockpit(*TEMPLATES, "demo", "--out", tmp_path / "out", data=tmp_path)
    assert ended.returncode == Exit.OK
    _, _, table = ended.stdout.partition("Summary")
    outcomes = [line.split()[4] for line in table.splitlines()[2:12]]
    assert outcomes == [
        "done", "done", "done", "done", "refused", "done", "moving", "moving", "done", "done",
    ]  # fmt: skip
    assert max(map(len, ended.stdout.splitlines())) <= 80
    assert len(list((tmp_path / "out").glob("*-reply.wav"))) == 10
