"""Prompt lookup: guess the next tokens from what followed the same tokens before.

Plans repeat words of the request and names of functions. A guess is verified with the token
before it in one evaluation, so a wrong one costs a little time and changes nothing (Saxena 2023,
"prompt lookup decoding").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_SEEN: Final = 2  # tokens that must have stood there before
_DRAFT: Final = 4  # tokens that are guessed at most


class Lookup:
    """Guesses from a constant text, and from the tokens of this request.

    Args:
        constant: tokens that never change.
    """

    def __init__(self, constant: Sequence[int]) -> None:
        self._constant = list(constant)
        # The last place of each pair counts.
        self._places = {tuple(constant[at - _SEEN : at]): at for at in range(_SEEN, len(constant))}

    def guess(self, tokens: Sequence[int]) -> list[int]:
        """The tokens that may follow; none where the last ones are new."""
        last = list(tokens[-_SEEN:])
        for at in range(len(tokens) - 1, _SEEN - 1, -1):
            if list(tokens[at - _SEEN : at]) == last:
                return list(tokens[at : at + _DRAFT])
        place = self._places.get(tuple(last))
        return self._constant[place : place + _DRAFT] if place is not None else []
