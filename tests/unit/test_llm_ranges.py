"""Number ranges as grammar: read back as regular expressions and compared with counting."""

from __future__ import annotations

import re

import pytest

from cockpit.agent.llm.ranges import decimals, integers


def spelled(expression: str) -> re.Pattern[str]:
    """GBNF of literals, classes and groups as the same regular expression."""
    text = re.sub(r'"([^"]*)"', lambda literal: re.escape(literal[1]), expression)
    return re.compile(text.replace(" ", ""))


@pytest.mark.parametrize(
    ("low", "high"),
    [(0, 0), (0, 3), (1, 100), (0, 100), (16, 28), (-5, 5), (-100, 100), (-12, -3), (20, 100),
     (7, 1234), (99, 101), (-1, 0), (150, 399)],
)  # fmt: skip
def test_integers_spell_exactly_the_range(low: int, high: int) -> None:
    pattern = spelled(integers(low, high))
    for number in range(-1500, 2500):
        assert bool(pattern.fullmatch(str(number))) == (low <= number <= high), number
    for text in ("", "-", "-0", "00", "07", "1.0", "+3"):
        assert not pattern.fullmatch(text), text


@pytest.mark.parametrize(
    ("low", "high"),
    [(16, 28), (0, 1), (-12, 12), (0.5, 3.5), (0.2, 0.7), (-0.5, 0.5), (15.5, 30), (-3, -1.5)],
)
def test_decimals_spell_exactly_the_range(low: float, high: float) -> None:
    pattern = spelled(decimals(low, high))
    for tenths in range(-400, 401):
        text = f"{'-' if tenths < 0 else ''}{abs(tenths) // 10}.{abs(tenths) % 10}"
        assert bool(pattern.fullmatch(text)) == (low <= tenths / 10 <= high), text
        if tenths % 10 == 0:
            whole = str(tenths // 10)
            assert bool(pattern.fullmatch(whole)) == (low <= tenths / 10 <= high), whole
    for text in ("", "-0", "16.", ".5", "1.25", "01.5"):
        assert not pattern.fullmatch(text), text


def test_integers_of_empty_range_is_an_error() -> None:
    with pytest.raises(ValueError, match="no whole number"):
        integers(5, 4)


def test_decimals_between_two_tenths_is_an_error() -> None:
    with pytest.raises(ValueError, match="one decimal"):
        decimals(0.31, 0.39)
