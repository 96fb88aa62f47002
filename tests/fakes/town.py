"""A made-up town as an OpenStreetMap extract: eight by eight streets, a few places.

Avenues run north, streets run east, 200 m apart; the car stands at the south-west corner.
"""

from __future__ import annotations

from pathlib import Path

import pytest

SOUTH, WEST = 60.0, 24.0
LATITUDE_STEP, LONGITUDE_STEP = 0.0018, 0.0036  # 200 m each
SIZE = 8

# Nodes: tags, and column and row of the grid.
PLACES: list[tuple[dict[str, str], float, float]] = [
    ({"amenity": "pharmacy", "name": "Apteekki Omena", "addr:street": "Katu 1"}, 2.1, 1.1),
    (
        {"amenity": "pharmacy", "name": "Yliopiston apteekki", "name:en": "University Pharmacy"},
        6,
        6,
    ),
    ({"amenity": "cafe", "name": "Kahvila Kukka"}, 1.2, 0.1),
    ({"amenity": "cafe", "name": "Café Engel", "wikidata": "Q1"}, 3.1, 3.1),
    ({"amenity": "restaurant", "name": "Luigi", "cuisine": "italian;pizza"}, 4.1, 1.1),
    ({"amenity": "restaurant", "name": "Sushi Bar"}, 5.1, 5.1),
    ({"amenity": "fast_food", "name": "Burgerila"}, 1.1, 2.1),
    ({"amenity": "fast_food", "name": "Burgerila"}, 6.1, 3.1),
    ({"railway": "station", "name": "Rautatieasema", "name:en": "Testby Railway Station"}, 5, 0.1),
    ({"railway": "tram_stop", "name": "Rautatieasema"}, 5, 0.2),
    ({"amenity": "charging_station"}, 3.1, 0.1),
    ({"amenity": "parking"}, 4.9, 0.3),
    ({"amenity": "parking", "access": "private"}, 0.1, 0.1),
    ({"amenity": "bench"}, 1, 1),
    ({"addr:street": "Katu 2", "addr:housenumber": "4 b"}, 4.1, 2.1),
    ({"addr:street": "Katu 2", "addr:housenumber": "8"}, 6.1, 2.1),
]


def write_town(path: Path) -> None:
    """Write the extract; skips the test where pyosmium is not installed."""
    osmium = pytest.importorskip("osmium")
    mutable = osmium.osm.mutable
    with osmium.SimpleWriter(str(path)) as writer:
        for row in range(SIZE):
            for column in range(SIZE):
                writer.add_node(
                    mutable.Node(
                        id=1 + row * SIZE + column,
                        location=(WEST + column * LONGITUDE_STEP, SOUTH + row * LATITUDE_STEP),
                    )
                )
        for number, (tags, column, row) in enumerate(PLACES):
            writer.add_node(
                mutable.Node(
                    id=1000 + number,
                    location=(WEST + column * LONGITUDE_STEP, SOUTH + row * LATITUDE_STEP),
                    tags=tags,
                )
            )
        # A park as an area: its centroid lies between four crossings.
        for index, (column, row) in enumerate(((2.2, 4.2), (2.8, 4.2), (2.8, 4.8), (2.2, 4.8))):
            writer.add_node(
                mutable.Node(
                    id=2000 + index,
                    location=(WEST + column * LONGITUDE_STEP, SOUTH + row * LATITUDE_STEP),
                )
            )
        for row in range(SIZE):
            nodes = [1 + row * SIZE + column for column in range(SIZE)]
            tags = {"highway": "residential", "name": f"Katu {row}"}
            writer.add_way(mutable.Way(id=1 + row, nodes=nodes, tags=tags))
        for column in range(SIZE):
            nodes = [1 + row * SIZE + column for row in range(SIZE)]
            name = "Mannerheimintie" if column == 3 else f"Tie {column}"
            tags = {"highway": "residential", "name": name}
            writer.add_way(mutable.Way(id=101 + column, nodes=nodes, tags=tags))
        park = {"leisure": "park", "name": "Keskuspuisto", "name:en": "Central Park"}
        ring = [2000, 2001, 2002, 2003, 2000]
        writer.add_way(mutable.Way(id=201, nodes=ring, tags=park))
