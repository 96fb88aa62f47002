"""Counting what the agent answers."""

from __future__ import annotations

from cockpit.evaluation.replies import count_sentences


def test_count_sentences_leaves_numbers_and_switches_open() -> None:
    counts = count_sentences(
        [
            "The volume is now at 20 percent. Playing.",
            "The volume is now at 35.5 %.",
            "The fan is now on.",
            "The fan is now off. Playing.",
            "",
        ]
    )
    assert counts == {
        "The volume is now at {number} percent.": 2,
        "The fan is now {on|off}.": 2,
        "Playing.": 2,
    }
