"""Names of colours, to read back values and to read names that were said.

The values are those of the list ``color`` of common.yaml.
"""

from __future__ import annotations

_NAMES = """
#FF0000 red
#8B0000 dark red
#DC143C crimson
#FF2400 scarlet
#E0115F ruby red
#FFA500 orange
#FF8C00 dark orange
#0077BE ocean blue
#0096FF bright blue
#2E8B57 sea green
#8DB600 apple green
#800000 maroon
#800020 burgundy
#FFBF00 amber
#FF7F50 coral
#FA8072 salmon
#FFDAB9 peach
#FFFF00 yellow
#FFD700 gold
#FFF44F lemon
#008000 green
#00FF00 bright green
#32CD32 lime green
#90EE90 light green
#006400 dark green
#228B22 forest green
#50C878 emerald
#98FF98 mint green
#808000 olive
#0000FF blue
#ADD8E6 light blue
#87CEEB sky blue
#00008B dark blue
#000080 navy blue
#4169E1 royal blue
#99FFFF ice blue
#89CFF0 baby blue
#00FFFF cyan
#40E0D0 turquoise
#008080 teal
#800080 purple
#EE82EE violet
#C8A2C8 lilac
#E6E6FA lavender
#4B0082 indigo
#DDA0DD plum
#FF00FF magenta
#FFC0CB pink
#FF69B4 hot pink
#FFB6C1 light pink
#FF007F rose
#FFFFFF white
#F5F5FF cool white
#FFE4B5 warm white
#FFFFF0 ivory
#FFFDD0 cream
#F5F5DC beige
#A52A2A brown
#CD7F32 bronze
#808080 grey
#C0C0C0 silver
"""

COLORS: dict[str, str] = dict(line.split(" ", 1) for line in _NAMES.strip().splitlines())
"""A colour's name by its ``#RRGGBB`` value (CSS names; usual values where CSS has none)."""

_VALUES = {name: value for value, name in COLORS.items()} | {"gray": "#808080"}


def color_value(said: object) -> object:
    """The ``#RRGGBB`` of a colour's name; values and what is no text come back as they are.

    A name that is not known counts as its longest known end: "deep sunset orange" is orange.

    Raises:
        ValueError: no colour of that name.
    """
    if not isinstance(said, str) or said.startswith("#"):
        return said
    words = said.casefold().replace("gray", "grey").split()
    for start in range(len(words)):
        if value := _VALUES.get(" ".join(words[start:])):
            return value
    raise ValueError(f"I know no colour named {said!r}.")
