"""The status skill."""

from __future__ import annotations

from pathlib import Path

from skills.api import define_skill
from skills.status.functions import FUNCTIONS
from skills.status.replies import REPLIES

SKILL = define_skill(
    "status", "Vehicle status", FUNCTIONS, REPLIES, Path(__file__).with_name("sentences.yaml")
)
