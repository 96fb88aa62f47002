"""A grid of cells to draw on, and the widget that shows one; for what is no text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.color import Color, ColorParseError
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.app import App


@dataclass(frozen=True, slots=True)
class Ink:
    """How a cell is drawn; colours as ``#rrggbb``, None for the ground's own."""

    fore: str | None = None
    back: str | None = None
    bold: bool = False


PLAIN = Ink()


@lru_cache(maxsize=4096)
def _over(ink: Ink, back: str) -> Ink:
    """The same on another ground."""
    return Ink(ink.fore, back, ink.bold)


@lru_cache(maxsize=4096)
def _style(ink: Ink, fore: str, back: str) -> Style:
    return Style(color=ink.fore or fore, bgcolor=ink.back or back, bold=ink.bold)


@lru_cache(maxsize=4096)
def mix(one: str, other: str, share: float) -> str:
    """A colour between two: 0 is the first, 1 the second."""
    return Color.parse(one).blend(Color.parse(other), share).hex6


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a theme as ``#rrggbb``."""

    text: str
    ground: str
    faint: str  # text of less weight
    line: str  # what divides
    raised: str  # a ground that stands out a little
    primary: str
    secondary: str
    accent: str
    success: str
    warning: str
    error: str
    cursor: str
    cursor_text: str

    @classmethod
    def of(cls, app: App[object]) -> Palette:
        """The colours of the theme that an app has now."""
        names = app.theme_variables

        def colour(name: str, other: str) -> str:
            try:
                return Color.parse(names.get(name, other)).hex6
            except ColorParseError:  # "auto 87%" and the like
                return other

        text = colour("foreground", "#d0d0d0")
        ground = colour("surface", "#101010")
        cursor = colour("block-cursor-background", colour("primary", "#3060a0"))
        return cls(
            text=text,
            ground=ground,
            faint=mix(text, ground, 0.42),
            line=mix(text, ground, 0.74),
            raised=mix(text, ground, 0.9),
            primary=colour("primary", text),
            secondary=colour("secondary", text),
            accent=colour("accent", text),
            success=colour("success", text),
            warning=colour("warning", text),
            error=colour("error", text),
            cursor=cursor,
            cursor_text=colour(
                "block-cursor-foreground", Color.parse(cursor).get_contrast_text().hex6
            ),
        )


@dataclass(slots=True)
class Canvas:
    """Cells that are written one by one; what lies outside is left out.

    Every character has to be one cell wide.
    """

    width: int
    height: int
    signs: list[list[str]] = field(init=False)
    inks: list[list[Ink]] = field(init=False)

    def __post_init__(self) -> None:
        self.signs = [[" "] * self.width for _ in range(self.height)]
        self.inks = [[PLAIN] * self.width for _ in range(self.height)]

    def put(self, x: int, y: int, text: str, ink: Ink = PLAIN) -> int:
        """Write a text; without a ground of its own it keeps the one that is there.

        Returns:
            The column behind it.
        """
        if 0 <= y < self.height:
            signs, inks = self.signs[y], self.inks[y]
            for at, sign in enumerate(text, x):
                if 0 <= at < self.width:
                    signs[at] = sign
                    back = inks[at].back
                    inks[at] = ink if ink.back or back is None else _over(ink, back)
        return x + len(text)

    def right(self, x: int, y: int, text: str, ink: Ink = PLAIN) -> int:
        """Write a text that ends before a column; returns where it begins."""
        self.put(x - len(text), y, text, ink)
        return x - len(text)

    def fill(self, x: int, y: int, width: int, height: int, back: str) -> None:
        """Give cells a ground."""
        for row in range(max(0, y), min(self.height, y + height)):
            inks = self.inks[row]
            for at in range(max(0, x), min(self.width, x + width)):
                inks[at] = _over(inks[at], back)

    def paint(self, x: int, y: int, width: int, height: int, fore: str) -> None:
        """Give signs another colour."""
        for row in range(max(0, y), min(self.height, y + height)):
            inks = self.inks[row]
            for at in range(max(0, x), min(self.width, x + width)):
                inks[at] = Ink(fore, inks[at].back, inks[at].bold)

    def box(self, x: int, y: int, width: int, height: int, ink: Ink) -> None:
        """A frame with round corners."""
        self.put(x, y, "╭" + "─" * (width - 2) + "╮", ink)
        self.put(x, y + height - 1, "╰" + "─" * (width - 2) + "╯", ink)
        for row in range(y + 1, y + height - 1):
            self.put(x, row, "│", ink)
            self.put(x + width - 1, row, "│", ink)

    def strip(self, y: int, fore: str, back: str) -> Strip:
        """A line, on the ground ``back`` and in the colour ``fore`` where none was given."""
        return Strip(list(self._segments(y, fore, back)), self.width)

    def _segments(self, y: int, fore: str, back: str) -> Iterator[Segment]:
        signs, inks = self.signs[y], self.inks[y]
        begin = 0
        for at in range(1, self.width + 1):
            if at == self.width or inks[at] != inks[begin]:
                yield Segment("".join(signs[begin:at]), _style(inks[begin], fore, back))
                begin = at

    @property
    def text(self) -> str:
        """What is written, without colours."""
        return "\n".join("".join(line).rstrip() for line in self.signs)


class Drawing(Widget):
    """Shows a canvas, which is painted anew only when something changed.

    Call ``redraw`` for that; subclasses write ``paint``.
    """

    DEFAULT_CSS = """
    Drawing { height: 1fr; width: 1fr; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._canvas: Canvas | None = None
        self._palette: Palette | None = None

    @property
    def palette(self) -> Palette:
        """The colours of the theme."""
        if self._palette is None:
            self._palette = Palette.of(self.app)
        return self._palette

    def paint(self, canvas: Canvas) -> None:
        """Draw; the canvas has the widget's size and is empty."""
        raise NotImplementedError

    def redraw(self) -> None:
        """What is drawn has changed."""
        self._canvas = None
        self.refresh()

    def notify_style_update(self) -> None:
        """The theme may be another one."""
        super().notify_style_update()
        self._palette = None
        self._canvas = None

    @property
    def canvas(self) -> Canvas:
        """What is drawn."""
        width, height = self.size
        if self._canvas is None or (self._canvas.width, self._canvas.height) != (width, height):
            self._canvas = Canvas(width, height)
            if width and height:
                self.paint(self._canvas)
        return self._canvas

    def render_line(self, y: int) -> Strip:
        """A line of the canvas."""
        canvas = self.canvas
        if y >= canvas.height:
            return Strip.blank(self.size.width, self.rich_style)
        return canvas.strip(y, self.palette.text, self.palette.ground)
