"""The conversation itself: stop, undo, repeat, help; and time and date."""

from pathlib import Path

from skills.api import define_skill
from skills.assistant import functions
from skills.assistant.replies import REPLIES

SKILL = define_skill(
    "assistant",
    "time and date",
    [
        functions.stop,
        functions.cancel,
        functions.undo,
        functions.repeat,
        functions.help,
        functions.time,
        functions.date,
    ],
    REPLIES,
    Path(__file__).with_name("sentences.yaml"),
)
