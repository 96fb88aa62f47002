"""Text as it comes from a terminal or an argument."""

from __future__ import annotations


def typed(text: str) -> str:
    """Without surrounding space; bytes that are no UTF-8 become question marks.

    Python keeps such bytes as lone surrogates, which no engine and no JSON can take.
    """
    return text.encode("utf-8", "replace").decode("utf-8").strip()
