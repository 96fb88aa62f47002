"""Which panels are seen at once, for a size of the terminal; without textual."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

TWO_COLUMNS: Final = 110
THREE_COLUMNS: Final = 165
TWO_ROWS: Final = 40
"""Columns and lines of the terminal from which more is shown."""
COLUMNS: Final = 3


def arrange(
    width: int, height: int, columns: Sequence[Sequence[str]], recent: Sequence[str]
) -> tuple[tuple[str, ...], ...]:
    """The panels to show in each column, from top to bottom.

    Args:
        width: of the terminal, in cells.
        height: likewise.
        columns: names of all panels by column, in their order.
        recent: all names, the one that was chosen last first; that one is always shown.

    Returns:
        One tuple a column; empty for a column that is not shown.
    """
    wanted = COLUMNS if width >= THREE_COLUMNS else 2 if width >= TWO_COLUMNS else 1
    rows = 2 if height >= TWO_ROWS and wanted > 1 else 1
    home = {name: index for index, names in enumerate(columns) for name in names}
    shown = list(dict.fromkeys(home[name] for name in recent))[:wanted]
    # The conversation stays in sight beside whatever else is looked at.
    if wanted > 1 and 0 not in shown:
        shown[-1] = 0
    chosen: list[tuple[str, ...]] = []
    for index, names in enumerate(columns):
        newest = [name for name in recent if name in names][:rows]
        chosen.append(tuple(name for name in names if name in newest) if index in shown else ())
    return tuple(chosen)
