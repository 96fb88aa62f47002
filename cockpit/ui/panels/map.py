"""Shows the roads around the car, the route and the next instruction."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from cockpit.ui.panels import Kind, Panel
from cockpit.ui.panels.canvas import Canvas, Drawing, Ink, mix
from cockpit.ui.state import Section, State
from vehicle_bus.errors import CockpitError

if TYPE_CHECKING:  # numpy is heavy
    from datetime import datetime
    from pathlib import Path

    from cockpit.ui.panels.map_dots import View
    from cockpit.ui.panels.map_guide import Guide, Progress
    from cockpit.ui.panels.map_names import Name, Names
    from cockpit.ui.panels.map_tiles import Lines, RoadTiles

ROUTE: Final = "nav/route"
LATITUDE: Final = "Vehicle.CurrentLocation.Latitude"
LONGITUDE: Final = "Vehicle.CurrentLocation.Longitude"
HEADING: Final = "Vehicle.CurrentLocation.Heading"
EARTH: Final = 40_075_016.7
"""Metres around the equator."""
SCALES: Final = (
    0.3, 0.5, 0.8, 1.2, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 30.0, 50.0, 80.0, 120.0, 200.0, 300.0,
    500.0, 800.0,
)  # fmt: skip
"""Metres in a dot, one step of the zoom each."""
USUAL: Final = 2.0
_ZOOMS: Final = ((4.0, 14), (9.0, 13), (18.0, 12), (70.0, 11), (150.0, 9), (400.0, 8))
_FARTHEST: Final = 7
_PATHS_UP_TO: Final = 1.2
_STREETS_UP_TO: Final = 5.0
_PLACES_UP_TO: Final = 1.2
_ARROWS: Final = "↑↗→↘↓↙←↖"
_NO_MAP: Final = "There is no map yet; import one with: cockpit maps import FILE.osm.pbf."

type Tile = tuple[int, int, int]


class RoadMap(Drawing, can_focus=True):
    """The map; the keys move it.

    Attributes:
        follow: the car stays in the middle.
        scale: index into ``SCALES``.
        centre: the middle, in Web Mercator; None until something is known to look at.
        lines: roads by tile.
        names: names by tile.
        named: names are shown.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "pan(0, -1)", "Move", key_display="↑↓←→"),
        Binding("down,j", "pan(0, 1)", show=False),
        Binding("left,h", "pan(-1, 0)", show=False),
        Binding("right,l", "pan(1, 0)", show=False),
        Binding("plus,equals_sign", "zoom(-1)", "Closer", key_display="+"),
        Binding("minus", "zoom(1)", "Farther", key_display="-"),
        Binding("f", "follow", "Follow"),
        Binding("g", "whole", "Whole route"),
        Binding("n", "names", "Names"),
    ]

    class Moved(Message):
        """Another part of the map is wanted."""

    def __init__(self) -> None:
        super().__init__(id="roads")
        self.follow = True
        self.scale = SCALES.index(USUAL)
        self.centre: tuple[float, float] | None = None
        self.lines: dict[Tile, Lines] = {}
        self.names: dict[Tile, tuple[Name, ...]] = {}
        self.named = True
        self._car: tuple[float, float] | None = None
        self._heading = 0.0
        self._guide: Guide | None = None
        self._progress: Progress | None = None
        self._eta: datetime | None = None
        self._dragged: tuple[int, int] | None = None

    # What is shown.

    def show(
        self,
        car: tuple[float, float] | None,
        heading: float,
        guide: Guide | None,
        progress: Progress | None,
        eta: datetime | None,
    ) -> None:
        """Draw the car and its route.

        Args:
            car: in Web Mercator; None where the place is not known.
            heading: degrees clockwise from north.
            guide: the route, if there is one.
            progress: how far along it the car is.
            eta: when it arrives.
        """
        self._car, self._heading = car, heading
        self._guide, self._progress, self._eta = guide, progress, eta
        if car is not None and (self.follow or self.centre is None):
            self._look_at(*car)
        self.redraw()

    @property
    def metres(self) -> float:
        """In a dot."""
        return SCALES[self.scale]

    @property
    def view(self) -> View | None:
        """What is in sight; None where nothing can be."""
        from cockpit.ui.panels.map_dots import View
        from cockpit.ui.panels.map_tiles import degrees

        if self.centre is None or not self.size.width or not self.size.height:
            return None
        x, y = self.centre
        around = EARTH * math.cos(math.radians(degrees(x, y)[0]))
        return View(x, y, around / self.metres, self.size.width, self.size.height)

    @property
    def zoom(self) -> int:
        """Of the tiles that hold what is worth drawing."""
        return next((zoom for most, zoom in _ZOOMS if self.metres <= most), _FARTHEST)

    @property
    def tiles(self) -> list[Tile]:
        """The tiles that are in sight."""
        view = self.view
        return view.tiles(self.zoom) if view is not None else []

    def _look_at(self, x: float, y: float) -> None:
        if self.centre != (x, y):
            self.centre = (x, y)
            self.post_message(self.Moved())

    def on_resize(self) -> None:
        """More or less is in sight."""
        self.post_message(self.Moved())

    # Keys and pointer.

    def action_pan(self, right: int, down: int) -> None:
        """Look further that way."""
        self.move(right * max(4, self.size.width // 6), down * max(2, self.size.height // 6))

    def move(self, columns: float, lines: float) -> None:
        """Look so many cells further."""
        view = self.view
        if view is None:
            return
        self.follow = False
        y = min(1.0, max(0.0, view.y + 4 * lines / view.scale))
        self._look_at((view.x + 2 * columns / view.scale) % 1.0, y)
        self.redraw()

    def action_zoom(self, steps: int) -> None:
        """Closer or farther."""
        self._zoom_to(self.scale + steps)

    def _zoom_to(self, scale: int) -> None:
        scale = max(0, min(len(SCALES) - 1, scale))
        if scale != self.scale:
            self.scale = scale
            self.post_message(self.Moved())
            self.redraw()

    def action_follow(self) -> None:
        """Keep the car in the middle, or let it go."""
        self.follow = not self.follow
        if self.follow and self._car is not None:
            self._look_at(*self._car)
        self.redraw()

    def action_names(self) -> None:
        """With names or without."""
        self.named = not self.named
        self.redraw()

    def action_whole(self) -> None:
        """All of the route."""
        guide, view = self._guide, self.view
        if guide is None or view is None:
            self.notify("There is no route.")
            return
        low, high = guide.line.min(axis=0), guide.line.max(axis=0)
        self.follow = False
        self._look_at(*((low + high) / 2).tolist())
        view = self.view
        assert view is not None
        columns, lines = view.dots
        span = (high - low) * view.scale * self.metres  # metres
        needed = max(span[0] / (columns * 0.85), span[1] / (max(8, lines - 16) * 0.85))
        fits = (index for index, metres in enumerate(SCALES) if metres >= needed)
        self._zoom_to(next(fits, len(SCALES) - 1))
        self.redraw()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Closer to what is under the pointer."""
        self._scroll(event, -1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Farther from it."""
        self._scroll(event, 1)

    def _scroll(self, event: events.MouseEvent, steps: int) -> None:
        event.stop()
        before = self.metres
        self._zoom_to(self.scale + steps)
        if not self.follow and self.metres != before:
            share = 1 - self.metres / before
            away = (event.x - self.size.width / 2, event.y - self.size.height / 2)
            self.move(
                away[0] * share * before / self.metres, away[1] * share * before / self.metres
            )

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """The map is taken hold of."""
        self._dragged = (event.x, event.y)
        self.capture_mouse()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """It is let go."""
        self._dragged = None
        self.release_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """It is moved."""
        if self._dragged is not None:
            x, y = self._dragged
            if (event.x, event.y) != (x, y):
                self._dragged = (event.x, event.y)
                self.move(x - event.x, y - event.y)

    # Drawing.

    def paint(self, canvas: Canvas) -> None:
        """Roads, route, names, the car, and what there is to say."""
        view = self.view
        if view is not None:
            self._paint_roads(canvas, view)
            taken: set[tuple[int, int]] = set()
            self._paint_marks(canvas, view, taken)
            if self.named:
                self._paint_names(canvas, view, taken)
        self._paint_banner(canvas)
        self._paint_foot(canvas)

    def _paint_roads(self, canvas: Canvas, view: View) -> None:
        from cockpit.ui.panels.map_dots import Dots
        from cockpit.ui.panels.map_tiles import Lines, Rank

        dots = Dots(view)
        paths = self.metres <= _PATHS_UP_TO
        for tile in self.tiles:
            found = self.lines.get(tile)
            if found is not None:
                if not paths:
                    roads = found.rank > Rank.PATH
                    found = Lines(found.start[roads], found.end[roads], found.rank[roads])
                dots.draw(found)
        if self._guide is not None:
            along = self._progress.along if self._progress is not None else 0.0
            behind, ahead = self._guide.split(along)
            dots.draw(Lines.along(behind, Rank.BEHIND))
            dots.draw(Lines.along(ahead, Rank.ROUTE), thick=True)
        palette = self.palette
        inks: dict[int, Ink] = {
            Rank.PATH: Ink(palette.line),
            Rank.MINOR: Ink(palette.faint),
            Rank.MIDDLE: Ink(mix(palette.text, palette.ground, 0.12)),
            Rank.MAJOR: Ink(mix(palette.warning, palette.ground, 0.15)),
            Rank.BEHIND: Ink(mix(palette.primary, palette.ground, 0.55)),
            Rank.ROUTE: Ink(palette.primary, bold=True),
        }
        for y, x, code, rank in dots.signs():
            canvas.signs[y][x] = chr(code)
            canvas.inks[y][x] = inks[rank]

    def _paint_marks(self, canvas: Canvas, view: View, taken: set[tuple[int, int]]) -> None:
        palette = self.palette
        if self._guide is not None:
            for place in self._guide.stops:
                self._mark(canvas, view, place, "●", Ink(palette.warning, bold=True), taken)
            end = tuple(self._guide.line[-1].tolist())
            self._mark(canvas, view, end, "◉", Ink(palette.success, bold=True), taken)
        if self._car is not None:
            arrow = _ARROWS[round(self._heading / 45) % 8]
            ink = Ink(palette.ground, palette.accent, bold=True)
            self._mark(canvas, view, self._car, arrow, ink, taken)

    def _mark(
        self,
        canvas: Canvas,
        view: View,
        place: tuple[float, float],
        sign: str,
        ink: Ink,
        taken: set[tuple[int, int]],
    ) -> None:
        """A sign at a place; at the edge where that is out of sight."""
        x, y = view.cell(*place)
        at = (min(view.width - 1, max(0, x)), min(view.height - 2, max(1, y)))
        if at != (x, y) and sign in _ARROWS:  # the way to the car, which is elsewhere
            angle = math.degrees(math.atan2(x - at[0], 2 * (at[1] - y)))
            sign = _ARROWS[round(angle / 45) % 8]
            ink = Ink(self.palette.accent, bold=True)
        canvas.put(*at, sign, ink)
        taken.update((at[0] + step, at[1]) for step in (-1, 0, 1))

    def _paint_names(self, canvas: Canvas, view: View, taken: set[tuple[int, int]]) -> None:
        if self.metres > _STREETS_UP_TO:
            return
        palette = self.palette
        found = [name for tile in self.tiles for name in self.names.get(tile, ())]
        for street in (True, False):
            if not street and self.metres > _PLACES_UP_TO:
                continue
            ink = Ink(palette.text) if street else Ink(palette.secondary)
            for name in found:
                if name.street is not street:
                    continue
                text = name.text if street else f"·{name.text}"
                x, y = view.cell(name.x, name.y)
                x -= len(text) // 2 if street else 0
                cells = {(x + step, y) for step in range(-1, len(text) + 1)}
                inside = x >= 0 and x + len(text) <= view.width and 1 <= y < view.height - 1
                if inside and not taken & cells and text.isprintable():
                    canvas.put(x, y, text, ink)
                    taken |= cells

    def _paint_banner(self, canvas: Canvas) -> None:
        palette, progress, guide = self.palette, self._progress, self._guide
        canvas.put(0, 0, " " * canvas.width, Ink(back=palette.raised))
        if guide is None:
            text = "No route. Ask for one, for example “navigate to the railway station”."
            canvas.put(1, 0, _cut(text, canvas.width - 2), Ink(palette.faint))
            return
        if progress is None:
            text, ink = f"To {guide.name}", Ink(palette.text, bold=True)
        elif progress.arrived:
            text, ink = f"Arrived at {guide.name}", Ink(palette.success, bold=True)
        elif progress.off:
            text, ink = f"Not on the way to {guide.name}", Ink(palette.warning, bold=True)
        elif progress.following is not None:
            text = f"{_turn(progress.following.instruction)} In {_metres(progress.ahead)}: "
            text += progress.following.instruction
            ink = Ink(palette.text, bold=True)
        else:
            text, ink = f"On to {guide.name}", Ink(palette.text, bold=True)
        canvas.put(1, 0, _cut(text, canvas.width - 2), ink)

    def _paint_foot(self, canvas: Canvas) -> None:
        palette, y = self.palette, canvas.height - 1
        canvas.put(0, y, " " * canvas.width, Ink(back=palette.raised))
        end = canvas.width - 1
        # The licence of the map asks for it.
        end = canvas.right(end, y, "© OpenStreetMap", Ink(palette.faint)) - 2
        x = 1
        progress = self._progress
        if progress is not None and not progress.arrived:
            parts = [_metres(progress.left), _minutes(progress.seconds)]
            if self._eta is not None:
                parts.append(f"{self._eta:%H:%M}")
            x = canvas.put(x, y, _cut(" · ".join(parts), end - x), Ink(palette.primary, bold=True))
            x += 2
        metres, cells = _scale_bar(self.metres, 16)
        text = f"├{'─' * max(0, cells - 2)}┤ {_metres(metres)}"
        if x + len(text) <= end:
            x = canvas.put(x, y, text, Ink(palette.faint)) + 2
        text = "following" if self.follow else "f follows the car"
        if x + len(text) <= end:
            canvas.put(x, y, text, Ink(palette.faint))


class MapPanel(Panel):
    """Shows the roads around the car, the route and the next instruction."""

    sections = frozenset({Section.VEHICLE, Section.CLOCK})
    focus_on = "#roads"

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind)
        self._fault = ""
        self._opening = False
        self._tiles: RoadTiles | None = None
        self._names: Names | None = None
        self._document: Mapping[str, Any] | None = None
        self._guide: Guide | None = None
        self._seen: object = None

    def compose(self) -> ComposeResult:
        """The map."""
        yield RoadMap()

    @property
    def map(self) -> RoadMap:
        """The map."""
        return self.query_one(RoadMap)

    def on_unmount(self) -> None:
        """Close the map's files."""
        if self._names is not None:
            self._names.close()

    def unavailable(self, state: State) -> str | None:
        """Until the car is there, and where no map was imported."""
        if self._fault or self._tiles is not None:
            return self._fault or None
        if self.cockpit is None and not self._opening:
            return "The map opens together with the car."
        if self.cockpit is not None and self.cockpit.session.environment.map_dir is None:
            return _NO_MAP
        return None

    def open(self, folder: Path) -> None:
        """Open an imported map."""
        self._opening = True
        work: Any = partial(self._open, folder)  # no coroutine that may never be awaited
        self.run_worker(work, name="map", group="map", exclusive=True)

    async def _open(self, folder: Path) -> None:
        try:
            await asyncio.to_thread(import_module, "cockpit.ui.panels.map_guide")
            from cockpit.ui.panels.map_names import Names
            from cockpit.ui.panels.map_tiles import RoadTiles

            tiles = await asyncio.to_thread(RoadTiles, folder)
            centre = await asyncio.to_thread(_middle, folder)
            self._names = await asyncio.to_thread(Names, folder)
        except CockpitError as error:
            self._fault = error.spoken
        except ImportError as error:
            self._fault = f"The map needs a part that is not there ({error.name})."
        else:
            self._tiles = tiles
            self.map.centre = self.map.centre or centre
        self.refresh_from(self.state)
        self._load()

    def update_from(self, state: State) -> None:
        """Follow the car."""
        if self._tiles is None:
            if not self._opening and self.cockpit is not None:
                folder = self.cockpit.session.environment.map_dir
                if folder is not None:
                    self.open(folder)
            return
        from cockpit.ui.panels.map_guide import Guide
        from cockpit.ui.panels.map_tiles import mercator

        values = state.vehicle.values
        latitude, longitude = _number(values.get(LATITUDE)), _number(values.get(LONGITUDE))
        heading = _number(values.get(HEADING)) or 0.0
        document = state.vehicle.documents.get(ROUTE)
        if document is not self._document:
            self._document = document
            self._guide = Guide.of(document) if document is not None else None
        car = progress = eta = None
        if latitude is not None and longitude is not None:
            car = mercator(latitude, longitude)
            if self._guide is not None:
                progress = self._guide.progress(latitude, longitude)
                eta = state.now() + timedelta(seconds=progress.seconds)
        minute = eta.replace(second=0, microsecond=0) if eta is not None else None
        seen = (car, heading, id(self._guide), minute)
        if seen != self._seen:
            self._seen = seen
            self.map.show(car, heading, self._guide, progress, eta)

    def on_road_map_moved(self) -> None:
        """Read what has come into sight."""
        self._load()

    def _load(self) -> None:
        road_map = self.map
        if self._tiles is None:
            return
        wanted = [tile for tile in road_map.tiles if tile not in road_map.lines]
        if wanted:
            work: Any = partial(self._read, wanted)
            self.run_worker(work, name="roads", group="roads", exclusive=True)

    async def _read(self, wanted: list[Tile]) -> None:
        """Read tiles, and draw each as it comes."""
        tiles, names, road_map = self._tiles, self._names, self.map
        assert tiles is not None
        assert names is not None
        for tile in wanted:
            road_map.lines[tile] = await asyncio.to_thread(tiles.read, *tile)
            if tile[0] >= 13:
                road_map.names[tile] = await asyncio.to_thread(names.read, *tile)
            road_map.redraw()
        for known in (road_map.lines, road_map.names):
            while len(known) > 200:  # the oldest; it is read again when it is looked at again
                del known[next(iter(known))]

    def copy_text(self) -> str:
        """Where the middle is, and the instructions of the route."""
        from cockpit.ui.panels.map_tiles import degrees

        centre = self.map.centre
        lines = ["{:.6f}, {:.6f}".format(*degrees(*centre))] if centre is not None else []
        if self._guide is not None:
            lines += [entry.instruction for entry in self._guide.manoeuvres]
        return "\n".join(lines)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def _middle(folder: Path) -> tuple[float, float]:
    """The middle of a map, in Web Mercator."""
    from cockpit.ui.panels.map_tiles import mercator
    from skills.navigation.schema import read_info

    box = read_info(folder).box
    return mercator((box.south + box.north) / 2, (box.west + box.east) / 2)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"


def _metres(metres: float) -> str:
    """A distance as signs on the road give it."""
    if metres < 1000:
        return f"{round(metres / 10) * 10 if metres >= 20 else round(metres)} m"
    return f"{metres / 1000:.1f} km" if metres < 10_000 else f"{metres / 1000:.0f} km"


def _minutes(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def _turn(instruction: str) -> str:
    """An arrow for an instruction."""
    words = instruction.lower()
    for word, arrow in (
        ("u-turn", "↶"), ("left", "↰"), ("right", "↱"), ("roundabout", "↻"), ("arrive", "◉"),
        ("destination", "◉"), ("ramp", "↗"), ("merge", "↗"),
    ):  # fmt: skip
        if word in words:
            return arrow
    return "↑"


def _scale_bar(metres: float, most: int) -> tuple[float, int]:
    """A round distance, and how many cells it takes."""
    best = (metres, 1)
    for power in range(7):
        for digit in (1, 2, 5):
            distance = digit * 10**power
            cells = round(distance / metres / 2)
            if cells <= most:
                best = (distance, max(1, cells))
    return best
