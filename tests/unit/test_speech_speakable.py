"""Text for the ear."""

from __future__ import annotations

import pytest

from cockpit.speech.speakable import LONGEST, sentences, speakable


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("It is 22.5 °C inside.", "It is 22.5 degrees inside."),
        ("1 °C or -3 °C", "1 degree or minus 3 degrees"),
        ("72°F", "72 degrees Fahrenheit"),
        ("50 km/h over 248 km", "50 kilometres per hour over 248 kilometres"),
        ("240 kPa", "240 kilopascals"),
        ("62 % and 80%", "62 percent and 80 percent"),
        ("300 m, then 1 km", "300 metres, then 1 kilometre"),
        ("11 kW and 0.5 kWh", "11 kilowatts and 0.5 kilowatt hours"),
        ("5 min", "5 minutes"),
        ("500 g flour, 2 l milk", "500 grams flour, 2 litres milk"),
        ("20–25 °C", "20 to 25 degrees"),
        ("at 08:30, 14:05 and 9:00", "at 8 30, 14 oh 5 and 9 o'clock"),
        ("at 8:00 a.m.", "at 8 a.m."),
        ("1½ cups, ½ lemon", "1 and a half cups, a half lemon"),
        ("**Bold** `code` & <b>", "Bold code and b"),
        ("All done 🎉", "All done"),
        ("First\nsecond.\nThird", "First. second. Third"),
    ],
)
def test_speakable_writes_out(written: str, said: str) -> None:
    assert speakable(written) == said


@pytest.mark.parametrize(
    "text",
    ["In 5 miles turn left.", "2 minutes", "Row 3 seats", "Level 2 is on.", "3 a.m.", "well-known"],
)
def test_speakable_leaves_words_alone(text: str) -> None:
    assert speakable(text) == text


def test_sentences_are_cut_where_they_end() -> None:
    text = "Done. The driver is at 22.5 degrees! Anything else?"
    assert sentences(text) == ["Done.", "The driver is at 22.5 degrees!", "Anything else?"]


def test_sentences_do_not_end_in_abbreviations() -> None:
    assert sentences("Dr. Smith is at St. Mary. At 8 a.m. Monday.") == [
        "Dr. Smith is at St. Mary.",
        "At 8 a.m. Monday.",
    ]


def test_sentences_of_nothing_to_say() -> None:
    assert sentences("") == []
    assert sentences(" … ! ") == []


def test_sentences_too_long_are_cut_at_a_comma() -> None:
    text = ", ".join(["the window on the left side is open"] * 9)
    parts = sentences(text)
    assert len(parts) > 1
    assert all(len(part) <= LONGEST for part in parts)
    assert all(part.endswith(",") for part in parts[:-1])
    assert " ".join(parts) == text


def test_sentences_without_any_break_are_still_cut() -> None:
    assert all(len(part) <= LONGEST + 1 for part in sentences("a" * 1000))
