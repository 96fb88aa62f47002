"""The wipers skill."""

from __future__ import annotations

from pathlib import Path

from skills.api import define_skill
from skills.wipers.functions import FUNCTIONS
from skills.wipers.replies import REPLIES

SKILL = define_skill(
    "wipers",
    "Wipers, mirrors and horn",
    FUNCTIONS,
    REPLIES,
    Path(__file__).with_name("sentences.yaml"),
)
