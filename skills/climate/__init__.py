"""The climate skill."""

from __future__ import annotations

from pathlib import Path

from skills.api import define_skill
from skills.climate.functions import FUNCTIONS
from skills.climate.replies import REPLIES

SKILL = define_skill(
    "climate", "Climate", FUNCTIONS, REPLIES, Path(__file__).with_name("sentences.yaml")
)
