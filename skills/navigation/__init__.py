"""Navigation: places, routes and guidance on an imported OpenStreetMap extract."""

from pathlib import Path

from skills.api import define_skill
from skills.navigation import functions
from skills.navigation.replies import REPLIES

SKILL = define_skill(
    "navigation",
    "navigation",
    [
        functions.go_to,
        functions.search,
        functions.add_stop,
        functions.remove_stop,
        functions.cancel,
        functions.save_place,
        functions.forget_place,
        functions.saved_places,
        functions.eta,
        functions.distance_left,
        functions.travel_to,
        functions.next_instruction,
        functions.route_overview,
        functions.where_am_i,
    ],
    REPLIES,
    Path(__file__).with_name("sentences.yaml"),
)
