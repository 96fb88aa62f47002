"""The same warning is not repeated all the time."""

from __future__ import annotations

import logging

import pytest

from vehicle_bus.seldom import KNOWN, Seldom

log = logging.getLogger(__name__)


def test_seldom_warns_once_a_period_and_says_how_often_it_was_silent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = 0.0
    seldom = Seldom(period=60, monotonic=lambda: now)
    for _ in range(4):
        seldom.warn(log, "a", "bad a")
    seldom.warn(log, "b", "bad b")
    now = 59.0
    seldom.warn(log, "a", "bad a")
    now = 60.0
    seldom.warn(log, "a", "bad a")
    assert caplog.messages == ["bad a", "bad b", "bad a (4 more like it before)"]


def test_seldom_remembers_a_bounded_number_of_things(caplog: pytest.LogCaptureFixture) -> None:
    seldom = Seldom(monotonic=lambda: 0.0)
    for number in range(KNOWN + 1):
        seldom.warn(log, str(number), "bad")
    seldom.warn(log, "1", "still remembered")
    seldom.warn(log, "0", "forgotten")
    assert "still remembered" not in caplog.messages
    assert caplog.messages[-1] == "forgotten"
