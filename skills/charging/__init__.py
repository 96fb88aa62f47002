"""The charging skill."""

from __future__ import annotations

from pathlib import Path

from skills.api import define_skill
from skills.charging.functions import FUNCTIONS
from skills.charging.replies import REPLIES

SKILL = define_skill(
    "charging", "Charging", FUNCTIONS, REPLIES, Path(__file__).with_name("sentences.yaml")
)
