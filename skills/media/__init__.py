"""The media skill."""

from __future__ import annotations

from pathlib import Path

from skills.api import define_skill
from skills.media.functions import FUNCTIONS
from skills.media.replies import REPLIES

SKILL = define_skill(
    "media", "Music and volume", FUNCTIONS, REPLIES, Path(__file__).with_name("sentences.yaml")
)
