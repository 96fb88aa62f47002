"""For the tests of the dashboard."""

from __future__ import annotations

from functools import cache

import pytest

from cockpit.agent.fastpath.planner import TemplatePlanner
from skills.api import SkillSet


@cache
def _planner() -> TemplatePlanner:
    return TemplatePlanner(SkillSet.installed())


@pytest.fixture(autouse=True)
def sentences_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiling them takes seconds, and every dashboard of a test has the same ones."""
    monkeypatch.setattr("cockpit.session.TemplatePlanner", lambda _: _planner())
