"""The doors skill."""

from __future__ import annotations

from pathlib import Path

from skills.api import define_skill
from skills.doors.functions import FUNCTIONS
from skills.doors.replies import REPLIES

SKILL = define_skill(
    "doors", "Doors and trunk", FUNCTIONS, REPLIES, Path(__file__).with_name("sentences.yaml")
)
