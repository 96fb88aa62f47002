"""The seats skill."""

from __future__ import annotations

from pathlib import Path

from skills.api import define_skill
from skills.seats.functions import FUNCTIONS
from skills.seats.replies import REPLIES

SKILL = define_skill(
    "seats", "Seats", FUNCTIONS, REPLIES, Path(__file__).with_name("sentences.yaml")
)
