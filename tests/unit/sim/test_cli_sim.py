"""``cockpit sim``: what it lists and how it refuses."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from cockpit.cli.sim import app
from sim.faults import FaultKind


def test_faults_lists_every_kind_with_an_example() -> None:
    lines = CliRunner().invoke(app, ["faults"]).output.splitlines()
    for kind in FaultKind:
        assert any(line.startswith(kind.value) for line in lines)
    assert any("slow:body=1.5" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["--fault", "slwo:body"], "slow:body"),
        (["--ecu", "bodi"], "body"),
        (["--ecu", "body", "--fault", "offline:climate"], "offline:body"),
    ],
)
def test_run_with_bad_argument_says_the_right_one(arguments: list[str], hint: str) -> None:
    result = CliRunner().invoke(app, ["run", *arguments])
    assert isinstance(result.exception, SystemExit)
    assert result.exit_code == 2
    assert hint in result.output
