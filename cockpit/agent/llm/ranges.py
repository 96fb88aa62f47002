"""Grammar expressions that spell exactly the numbers of a range.

Method: a range of equally long digit strings is split at its first digit into at most three
parts, the outer ones recursively, as in the well-known construction of a regular expression for
a number range. Decimals are the same on numbers scaled by ten.
"""

from __future__ import annotations

import math

UNBOUNDED = 999_999
"""Limit of numbers whose schema has none."""


def integers(low: int, high: int) -> str:
    """GBNF for the whole numbers from ``low`` to ``high``, both included.

    Raises:
        ValueError: the range is empty.
    """
    if low > high:
        raise ValueError(f"no whole number lies between {low} and {high}")
    parts = []
    if low < 0:
        parts.append(f'"-" ({_natural(max(1, -high), -low)})')
    if high >= 0:
        parts.append(_natural(max(0, low), high))
    return " | ".join(parts)


def decimals(low: float, high: float) -> str:
    """GBNF for the numbers from ``low`` to ``high`` with at most one decimal.

    Raises:
        ValueError: the range is empty.
    """
    # Rounded first, for 0.3 * 10 is a little more than 3.
    first, last = math.ceil(round(low * 10, 6)), math.floor(round(high * 10, 6))
    if first > last:
        raise ValueError(f"no number with one decimal lies between {low} and {high}")
    parts = []
    if first < 0:
        parts.append(f'"-" ({_tenths(max(1, -last), -first)})')
    if last >= 0:
        parts.append(_tenths(max(0, first), last))
    return " | ".join(parts)


def _tenths(first: int, last: int) -> str:
    """From ``first`` to ``last`` tenths, neither negative."""
    low, low_digit = divmod(first, 10)
    high, high_digit = divmod(last, 10)
    if low == high:
        return _with_digit(low, low_digit, high_digit)
    parts = [_with_digit(low, low_digit, 9)]
    if high - low > 1:
        parts.append(f'({_natural(low + 1, high - 1)}) ("." [0-9])?')
    parts.append(_with_digit(high, 0, high_digit))
    return " | ".join(parts)


def _with_digit(whole: int, low: int, high: int) -> str:
    digit = f'"." {_class(str(low), str(high))}'
    return f'"{whole}" ({digit})?' if low == 0 else f'"{whole}" {digit}'


def _natural(low: int, high: int) -> str:
    parts = []
    for length in range(len(str(low)), len(str(high)) + 1):
        first = max(low, 10 ** (length - 1) if length > 1 else 0)
        last = min(high, 10**length - 1)
        parts += _same_length(str(first), str(last))
    return " | ".join(parts)


def _same_length(low: str, high: str) -> list[str]:
    rest = len(low) - 1
    if rest == 0:
        return [_class(low, high)]
    if low[1:] == "0" * rest and high[1:] == "9" * rest:
        return [f"{_class(low[0], high[0])} {_any(rest)}"]
    if low[0] == high[0]:
        inner = " | ".join(_same_length(low[1:], high[1:]))
        return [f'"{low[0]}" ({inner})']
    parts = _same_length(low, low[0] + "9" * rest)
    if int(high[0]) - int(low[0]) > 1:
        between = _class(str(int(low[0]) + 1), str(int(high[0]) - 1))
        parts.append(f"{between} {_any(rest)}")
    return parts + _same_length(high[0] + "0" * rest, high)


def _class(low: str, high: str) -> str:
    return f'"{low}"' if low == high else f"[{low}-{high}]"


def _any(count: int) -> str:
    return " ".join(["[0-9]"] * count)
