"""The lights skill."""

from __future__ import annotations

from pathlib import Path

from skills.api import define_skill
from skills.lights.functions import FUNCTIONS
from skills.lights.replies import REPLIES

SKILL = define_skill(
    "lights", "Lights", FUNCTIONS, REPLIES, Path(__file__).with_name("sentences.yaml")
)
