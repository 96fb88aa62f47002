"""Names of colours, to read back values and to read names that were said.

They are those of the list ``color`` of common.yaml.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final

import yaml

_LIST: Final = re.compile(r"^  color:\n(?:    .*\n)+", re.MULTILINE)
_ENDS: Final = frozenset(("color", "colour", "colored", "coloured", "light", "shade", "tone"))


def _listed() -> dict[str, str]:
    """Names and values; only this list is parsed, since the whole file takes ten times as long."""
    text = files("skills").joinpath("common.yaml").read_text(encoding="utf-8")
    found = _LIST.search(text)
    assert found is not None, "common.yaml has no list of colours"
    values = yaml.safe_load(found[0])["color"]["values"]
    return {entry["in"]: entry["out"] for entry in values}


_VALUES: Final = _listed()

COLORS: Final = {value: name for name, value in reversed(_VALUES.items())}
"""A colour's name, the first listed one, by its ``#RRGGBB`` value."""


def color_value(said: object) -> object:
    """The ``#RRGGBB`` of a colour's name; values and what is no text come back as they are.

    A name that is not known counts as its longest known end: "deep sunset orange" is orange.

    Raises:
        ValueError: no colour of that name.
    """
    if not isinstance(said, str) or said.startswith("#"):
        return said
    words = said.casefold().split()
    while len(words) > 1 and words[-1] in _ENDS:
        words.pop()
    for start in range(len(words)):
        if value := _VALUES.get(" ".join(words[start:])):
            return value
    raise ValueError(f"I know no colour named {said!r}.")
