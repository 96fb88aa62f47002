"""Lines as braille signs: two by four dots in a cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cockpit.ui.panels.map_tiles import Floats, Lines, Rank

_BLANK: Final = 0x2800
_WEIGHTS: Final = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])


@dataclass(frozen=True, slots=True)
class View:
    """A part of the world on a grid of dots.

    Attributes:
        x, y: its middle, in Web Mercator.
        scale: dots in one unit of Web Mercator.
        width, height: in cells.
    """

    x: float
    y: float
    scale: float
    width: int
    height: int

    @property
    def dots(self) -> tuple[int, int]:
        """Columns and lines of dots."""
        return 2 * self.width, 4 * self.height

    def place(self, points: Floats) -> Floats:
        """Points as columns and lines of dots."""
        columns, lines = self.dots
        return (points - (self.x, self.y)) * self.scale + (columns / 2, lines / 2)

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """The cell of a point, which may be out of sight."""
        column, line = self.place(np.array([[x, y]]))[0]
        return int(column // 2), int(line // 4)

    def holds(self, column: int, line: int) -> bool:
        """Whether a cell is in sight."""
        return 0 <= column < self.width and 0 <= line < self.height

    def tiles(self, zoom: int) -> list[tuple[int, int, int]]:
        """The map's tiles that are in sight, those in the middle first."""
        columns, lines = self.dots
        half_x, half_y = columns / 2 / self.scale, lines / 2 / self.scale
        count = 2**zoom
        first, last = int((self.x - half_x) * count), int((self.x + half_x) * count)
        top, bottom = int((self.y - half_y) * count), int((self.y + half_y) * count)
        found = [
            (zoom, column, row)
            for column in range(max(0, first), min(count - 1, last) + 1)
            for row in range(max(0, top), min(count - 1, bottom) + 1)
        ]
        middle = (self.x * count - 0.5, self.y * count - 0.5)
        return sorted(found, key=lambda t: (t[1] - middle[0]) ** 2 + (t[2] - middle[1]) ** 2)


class Dots:
    """A grid of dots, each of some rank."""

    def __init__(self, view: View) -> None:
        columns, lines = view.dots
        self._view = view
        self._grid: NDArray[np.uint8] = np.zeros((lines, columns), np.uint8)

    def draw(self, lines: Lines, *, thick: bool = False) -> None:
        """Draw lines; a dot keeps the greatest rank."""
        start, end = self._view.place(lines.start), self._view.place(lines.end)
        height, width = self._grid.shape
        start, end, rank = _clipped(start, end, lines.rank, width, height)
        if not len(rank):
            return
        steps = np.ceil(np.abs(end - start).max(axis=1)).astype(np.int64) + 1
        piece = np.repeat(np.arange(len(steps)), steps)
        first = np.cumsum(steps) - steps
        share = (np.arange(len(piece)) - first[piece]) / np.maximum(1, steps - 1)[piece]
        at = np.floor(start[piece] + share[:, None] * (end - start)[piece]).astype(np.int64)
        for right, down in ((0, 0), (1, 0), (0, 1)) if thick else ((0, 0),):
            x, y = at[:, 0] + right, at[:, 1] + down
            inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
            np.maximum.at(self._grid, (y[inside], x[inside]), rank[piece[inside]])

    def cells(self) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Code points and ranks of the cells; a route keeps a little distance to the roads."""
        height, width = self._view.height, self._view.width
        route = self._grid >= Rank.BEHIND
        near = route.copy()
        near[1:] |= route[:-1]
        near[:-1] |= route[1:]
        near[:, 1:] |= near[:, :-1]
        near[:, :-1] |= near[:, 1:]
        grid = np.where(near & ~route, 0, self._grid)
        blocks = grid.reshape(height, 4, width, 2).transpose(0, 2, 1, 3)
        best = blocks.max(axis=(2, 3))
        alone = (best >= Rank.BEHIND)[:, :, None, None]
        seen = np.where(alone, blocks == best[:, :, None, None], blocks > 0)
        return _BLANK + (seen * _WEIGHTS).sum(axis=(2, 3)), best

    def signs(self) -> Iterator[tuple[int, int, int, int]]:
        """Line, column, code point and rank of each cell that is not empty."""
        codes, ranks = self.cells()
        lines, columns = np.nonzero(ranks)
        found = (lines, columns, codes[lines, columns], ranks[lines, columns])
        return zip(*(each.tolist() for each in found), strict=True)


def _clipped(
    start: Floats, end: Floats, rank: NDArray[np.uint8], width: int, height: int
) -> tuple[Floats, Floats, NDArray[np.uint8]]:
    """The parts of lines that lie on the grid (Liang and Barsky's algorithm)."""
    delta = end - start
    enter, leave = np.zeros(len(start)), np.ones(len(start))
    for axis, limit in ((0, width), (1, height)):
        for sign, edge in ((-1.0, 0.0), (1.0, float(limit))):
            # Distance to the edge, and how fast the line goes there.
            speed = sign * delta[:, axis]
            room = sign * (edge - start[:, axis])
            with np.errstate(divide="ignore", invalid="ignore"):
                share = room / speed
            enter = np.where(speed < 0, np.maximum(enter, share), enter)
            leave = np.where(speed > 0, np.minimum(leave, share), leave)
            leave = np.where((speed == 0) & (room < 0), -1.0, leave)
    seen = enter <= leave
    start, delta, enter, leave = start[seen], delta[seen], enter[seen], leave[seen]
    return start + enter[:, None] * delta, start + leave[:, None] * delta, rank[seen]
