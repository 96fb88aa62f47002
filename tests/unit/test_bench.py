"""The benchmark's arithmetic and its output."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import typer
from click.testing import Result
from rich.console import Console
from typer.testing import CliRunner

from cockpit.cli import evaluate
from cockpit.cli.exits import UsageError
from cockpit.evaluation import bench
from cockpit.evaluation.bench import Findings, Part
from cockpit.evaluation.measurement import Measurement, Say, Tell, single, summarize, table
from cockpit.evaluation.stand import sentences_of
from cockpit.evaluation.waterfall import STAGES
from cockpit.settings import Settings
from vehicle_bus.client import Message
from vehicle_bus.payloads import AckPayload, AckStatus
from vehicle_bus.topics import Topics

VIN = "TEST"
FAN = "Vehicle.Cabin.HVAC.Station.Row1.Driver.FanSpeed"


def test_summarize_takes_the_nearest_rank() -> None:
    found = summarize("x", "ms", [float(value) for value in range(100, 0, -1)], 50)
    assert (found.n, found.p50, found.p95) == (100, 50.0, 95.0)
    assert found.ok is True


def test_summarize_of_one_value_is_that_value() -> None:
    found = summarize("x", "ms", [7.0], 6)
    assert (found.p50, found.p95, found.ok) == (7.0, 7.0, False)


def test_summarize_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        summarize("x", "ms", [])


@pytest.mark.parametrize(
    ("p50", "p95", "ok"), [(399, 899, True), (401, 899, False), (399, 901, False)]
)
def test_measurement_is_ok_when_both_budgets_are_kept(p50: float, p95: float, ok: bool) -> None:
    assert Measurement("x", "ms", 9, p50, p95, 400, 900).ok is ok


def test_measurement_json_has_the_agreed_keys() -> None:
    written = Measurement("x", "ms", 9, 1.23456, 2, None, None).to_json()
    assert written == {
        "measure": "x",
        "unit": "ms",
        "n": 9,
        "p50": 1.235,
        "p95": 2,
        "budget": None,
        "ok": None,
    }


def test_single_has_no_percentile() -> None:
    found = single("x", "%", 93.0, 30, 92, at_least=True)
    assert (found.ok, found.to_json()["p95"], found.n) == (True, None, 30)
    assert single("x", "%", 91.0, 30, 92, at_least=True).ok is False


def test_table_shows_machine_figures_and_verdict() -> None:
    output = io.StringIO()
    rows = [
        Measurement("fast", "ms", 9, 1, 2, 3),
        Measurement("slow", "ms", 9, 1, 950, 3, 900),
        single("share", "%", 92.5, 30, 92, at_least=True),
        single("memory", "GB", 0.794, budget=1.2),
    ]
    Console(file=output, width=160).print(table(rows))
    head, _, fast, slow, share, memory = (line.split() for line in output.getvalue().splitlines())
    assert "cores," in head
    assert fast == ["fast", "ms", "9", "1", "2", "3", "ok"]
    assert slow == ["slow", "ms", "9", "1", "950", "3", "900", "missed"]
    assert share == ["share", "%", "30", "92.5", "≥", "92", "ok"]
    assert memory == ["memory", "GB", "1", "0.794", "1.2", "ok"]


@pytest.mark.parametrize("group", ["template", "lm", "speech"])
def test_sentences_of_are_different(group: str) -> None:
    sentences = sentences_of(group)
    assert len(sentences) >= 10
    assert len(set(sentences)) == len(sentences)


async def test_acknowledged_takes_the_first_answer_to_every_command() -> None:
    topic = Topics(VIN).ack(FAN)

    async def traffic() -> AsyncIterator[Message]:
        for number, status, at in (
            ("a", AckStatus.ACCEPTED, 1.0),
            ("b", AckStatus.DONE, 2.0),
            ("a", AckStatus.DONE, 9.0),
        ):
            payload = AckPayload(id=number, status=status).encode()
            yield Message(topic, payload, retained=False, received=at)

    session = SimpleNamespace(bus=SimpleNamespace(settings=SimpleNamespace(vin=VIN)))
    assert await bench._acknowledged(traffic(), cast(Any, session)) == [1.0, 2.0]


class Bench:
    """The command, with figures that nobody has to wait for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, found: Findings) -> None:
        self.asked: list[tuple[Part, Path | None]] = []

        async def measure(
            settings: Settings, part: Part, say: Say, tell: Tell, audio: Path | None = None
        ) -> Findings:
            self.asked.append((part, audio))
            say("Measuring …")
            tell(1, 2)
            return found

        monkeypatch.setattr("cockpit.cli.evaluate.measure", measure)
        self._app = typer.Typer()
        self._app.command()(evaluate.bench)

    def __call__(self, *arguments: object) -> Result:
        return CliRunner().invoke(self._app, list(map(str, arguments)), obj=Settings())


TURN = dict(zip(STAGES, (230.0, 345.0, 352.0, 478.0, 492.0, 640.0), strict=True))


def test_bench_speech_writes_figures_and_picture(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = Findings([Measurement("fast", "ms", 104, 492, 900, 700, 1200)], TURN, 104)
    bench = Bench(monkeypatch, found)
    figures, picture = tmp_path / "out.json", tmp_path / "turn.svg"
    run = bench("speech", "--audio", tmp_path, "--json", figures, "--waterfall", picture)
    assert run.exit_code == 0
    assert bench.asked == [(Part.SPEECH, tmp_path)]
    assert "cockpit bench speech" in run.stdout and "fast" in run.stdout
    assert json.loads(figures.read_text(encoding="utf-8")) == [
        entry.to_json() for entry in found.measurements
    ]
    assert "median of 104 spoken requests" in picture.read_text(encoding="utf-8")


def test_bench_without_a_whole_turn_draws_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = Bench(monkeypatch, Findings())("speech", "--waterfall", tmp_path / "turn.svg")
    assert run.exit_code == 0
    assert not (tmp_path / "turn.svg").exists()
    assert "there is no turn to draw" in run.stderr


@pytest.mark.parametrize("option", ["--audio", "--waterfall"])
def test_bench_planner_refuses_what_is_for_speech(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, option: str
) -> None:
    bench = Bench(monkeypatch, Findings())
    run = bench("planner", option, tmp_path / "x")
    assert isinstance(run.exception, UsageError)
    assert "bench speech" in run.exception.spoken
    assert not bench.asked
