"""The windows skill."""

from __future__ import annotations

from pathlib import Path

from skills.api import define_skill
from skills.windows.functions import FUNCTIONS
from skills.windows.replies import REPLIES

SKILL = define_skill(
    "windows", "Windows and roof", FUNCTIONS, REPLIES, Path(__file__).with_name("sentences.yaml")
)
