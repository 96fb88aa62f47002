"""Text for the ear."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.speech.speakable import LONGEST, sentences, spans, speakable

# Written, said; what Whisper hears of some of them is in tests/integration/test_speaking.py.
CASES: dict[str, list[tuple[str, str]]] = {
    "temperatures and shares": [
        ("It is 22.5 °C inside.", "It is 22.5 degrees inside."),
        ("1 °C or -3 °C", "1 degree or minus 3 degrees"),
        ("It is +5 °C", "It is plus 5 degrees"),
        ("21,5 °C", "21.5 degrees"),
        ("72°F", "72 degrees Fahrenheit"),
        ("20–25 °C", "20 to 25 degrees"),
        ("±2 °C", "plus or minus 2 degrees"),
        ("62 % and 80%", "62 percent and 80 percent"),
        ("50°", "50 degrees"),
    ],
    "lengths and speeds": [
        ("3 km", "3 kilometres"),
        ("250 m, then 1 m", "250 metres, then 1 metre"),
        ("300 m, then 1 km", "300 metres, then 1 kilometre"),
        ("50 km/h over 248 km", "50 kilometres per hour over 248 kilometres"),
        ("1 km/h", "1 kilometre per hour"),
        ("in km/h", "in kilometres per hour"),
        ("1,000 km", "1,000 kilometres"),
        ("248\u202f000 km", "248000 kilometres"),
        ("248 000 km", "248000 kilometres"),
        ("70 mph", "70 miles per hour"),
        ("5 ft", "5 feet"),
        ("20 km²", "20 square kilometres"),
        ("≥ 5 km", "at least 5 kilometres"),
        ("< 5 km", "less than 5 kilometres"),
        ("~5 km", "about 5 kilometres"),
        ("≈ 3 km", "about 3 kilometres"),
    ],
    "energy and other units": [
        ("240 kPa", "240 kilopascals"),
        ("32 psi", "32 P S I"),
        ("11 kW and 0.5 kWh", "11 kilowatts and 0.5 kilowatt hours"),
        ("17.5 kWh/100 km", "17.5 kilowatt hours per 100 kilometres"),
        ("6 l/100 km", "6 litres per 100 kilometres"),
        ("12 V", "12 volts"),
        ("100 hp", "100 horsepower"),
        ("98.5 MHz", "98.5 megahertz"),
        ("5 MB", "5 megabytes"),
        ("500 g flour, 2 l milk", "500 grams flour, 2 litres milk"),
        ("2 tbsp oil", "2 tablespoons oil"),
        ("5 min", "5 minutes"),
        ("5 min 30 s", "5 minutes 30 seconds"),
        ("2 h 15 min", "2 hours 15 minutes"),
        ("80s", "80 seconds"),
    ],
    "clock times": [
        ("8:30", "8 30"),
        ("08:05", "8 oh 5"),
        ("14:05", "2 oh 5 PM"),
        ("at 08:30, 14:05 and 9:00", "at 8 30, 2 oh 5 PM and 9 o'clock"),
        ("12:00", "noon"),
        ("00:00", "midnight"),
        ("00:15", "12 15 AM"),
        ("14:00", "2 PM"),
        ("at 23:59.", "at 11 59 PM."),
        ("It is 14:05. Turn left.", "It is 2 oh 5 PM. Turn left."),
        ("at 8:00 a.m.", "at 8 a.m."),
        ("8:30 pm", "8 30 PM"),
        ("8 am", "8 AM"),
        ("8:00–16:00", "8 o'clock to 4 PM"),
        ("1:30 h", "1 hour and 30 minutes"),
        ("0:45 hours", "45 minutes"),
    ],
    "dates": [
        ("2026-06-01", "June 1st, 20 26"),
        ("2026-06-01T08:30", "June 1st, 20 26 at 8 30"),
        ("1.6.2026", "June 1st, 20 26"),
        ("24.12.2025", "December 24th, 20 25"),
        ("12/25/2025", "December 25th, 20 25"),
        ("25/12/2025", "December 25th, 20 25"),
        ("6/1/2026", "6 slash 1 slash 20 26"),
        ("Today is Saturday, 14 March 2026.", "Today is Saturday, March 14th, 20 26."),
        ("June 1", "June 1st"),
        ("June 1, 2026", "June 1st, 20 26"),
        ("Jun 3 at 8:30", "June 3rd at 8 30"),
        ("3 Jun", "June 3rd"),
        ("May 5 is free", "May 5th is free"),
        ("the 3rd of June", "the 3rd of June"),
        ("March 2026", "March 20 26"),
        ("Sat 5 June", "Saturday June 5th"),
        ("Mon–Fri 9:00–17:00", "Monday to Friday 9 o'clock to 5 PM"),
        ("Mon, Tue and Wed", "Monday, Tuesday and Wednesday"),
    ],
    "years and decades": [
        ("in 1984", "in 19 84"),
        ("since 1999.", "since 19 99."),
        ("by 2030", "by 20 30"),
        ("in 2005", "in 2005"),
        ("In 1500 metres turn right", "In 1500 metres turn right"),
        ("from 1984 kilometres", "from 1984 kilometres"),
        ("the 1980s", "the 19 eighties"),
        ("the 80s", "the eighties"),
        ("in the late '90s", "in the late nineties"),
        ("the 1900s", "the 19 hundreds"),
        ("the 2000s", "the 2 thousands"),
    ],
    "money": [
        ("$5", "5 dollars"),
        ("$1", "1 dollar"),
        ("€3.50", "3 euros 50"),
        ("3,50 €", "3 euros 50"),
        ("£0.99", "99 pence"),
        ("€0.01", "1 cent"),
        ("$1,234.50", "1,234 dollars 50"),
        ("€5 million", "5 million euros"),
        ("$5k", "5 thousand dollars"),
        ("12 EUR", "12 euros"),
        ("10–15 €", "10 to 15 euros"),
        ("0.25 €/kWh", "25 cents per kilowatt hour"),
        ("€1.859/l", "1.859 euros per litre"),
    ],
    "telephone numbers": [
        ("call 112", "call 1 1 2"),
        ("dial 911", "dial 9 1 1"),
        ("112 metres", "112 metres"),
        ("+358 40 123 4567", "plus 3 5 8, 4 0, 1 2 3, 4 5 6 7"),
        ("040-123 4567", "0 4 0, 1 2 3, 4 5 6 7"),
        ("0401234567", "0 4 0, 1 2 3, 4 5 6 7"),
        ("010 3000", "0 1 0, 3 0 0 0"),
        ("555-1234", "5 5 5, 1 2 3 4"),
        ("(555) 123-4567", "5 5 5, 1 2 3, 4 5 6 7"),
        ("800-555-1234", "8 0 0, 5 5 5, 1 2 3 4"),
    ],
    "fractions, counts and sums": [
        ("1½ cups, ½ lemon", "1 and a half cups, a half lemon"),
        ("1/2 litre", "a half litre"),
        ("3/4 full", "three quarters full"),
        ("4.5/5", "4.5 out of 5"),
        ("8/10", "8 out of 10"),
        ("It has 4.5/5.", "It has 4.5 out of 5."),
        ("10-15 minutes", "10 to 15 minutes"),
        ("5 x 3", "5 times 3"),
        ("2x", "2 times"),
        ("4x4", "4 by 4"),
        ("2 + 3", "2 plus 3"),
        ("a = b", "a equals b"),
        ("#5", "number 5"),
        ("No. 5", "number 5"),
        ("60.1708° N, 24.9375° E", "60.1708 degrees north, 24.9375 degrees east"),
    ],
    "streets": [
        ("Main St.", "Main Street."),
        ("Turn onto Main St. Then turn right.", "Turn onto Main Street. Then turn right."),
        ("on Elm Dr. and Oak Rd.", "on Elm Drive and Oak Road."),
        ("5th Ave.", "5th Avenue."),
        ("Sunset Blvd", "Sunset Boulevard"),
        ("Take St. John's Road.", "Take Saint John's Road."),
        ("Hwy 5", "Highway 5"),
        ("Mannerheimintie 12 A", "Mannerheimintie 12 A"),
        ("Kalevankatu 3 B 14", "Kalevankatu 3 B 14"),
        ("Mannerheimintie 22-24", "Mannerheimintie 22 to 24"),
        ("Hämeentie", "Hämeentie"),
        ("Mannerheimintie/Mannerheimvägen", "Mannerheimintie, Mannerheimvägen"),
        ("E75", "E75"),
        ("Ring I and Ring III", "Ring 1 and Ring 3"),
        ("Kehä I", "Kehä 1"),
    ],
    "people and numerals": [
        ("Dr. Smith", "Doctor Smith"),
        ("Mr. Jones and Mrs. Smith", "Mister Jones and Missus Smith"),
        ("Ms Lee", "Miz Lee"),
        ("St. Mary's", "Saint Mary's"),
        ("Mt. Fuji", "Mount Fuji"),
        ("Henry VIII", "Henry the 8th"),
        ("Elizabeth II", "Elizabeth the 2nd"),
        ("Rocky IV", "Rocky 4"),
        ("World War II", "World War 2"),
        ("Chapter IX", "Chapter 9"),
    ],
    "letters": [
        ("AC and USB", "AC and USB"),
        ("ECU", "E-C-U"),
        ("EV", "E-V"),
        ("EVs", "E-V's"),
        ("the ABS light", "the A-B-S light"),
        ("DAB radio", "D-A-B radio"),
        ("ETA 14:05", "E-T-A 2 oh 5 PM"),
        ("OK", "OK"),
        ("98.5 FM", "98.5 FM"),
    ],
    "abbreviations": [
        ("e.g. the trunk", "for example the trunk"),
        ("i.e. now", "that is now"),
        ("milk, eggs, etc.", "milk, eggs, et cetera."),
        ("day vs. night", "day versus night"),
        ("approx. 5 km", "approximately 5 kilometres"),
        ("max. 5", "maximum 5"),
        ("24/7", "24 7"),
        ("N/A", "not available"),
        ("w/o sugar", "without sugar"),
        ("and/or", "and or"),
    ],
    "addresses on the net": [
        ("info@example.com", "info at example dot com"),
        ("www.example.com", "example dot com"),
        ("https://www.example.com/a-b/", "example dot com slash a dash b"),
        ("See example.com.", "See example dot com."),
        (
            "Go to https://example.org/x?y=1!",
            "Go to example dot org slash x question mark y equals 1!",
        ),
    ],
    "markup and signs": [
        ("**Bold** `code` & <b>so</b> on", "Bold code and so on"),
        ("# Title", "Title"),
        ("- one\n- two", "one. two"),
        ("1. First\n2. Second", "1, First. 2, Second"),
        ("[the map](https://x.org)", "the map"),
        ("a &amp; b", "a and b"),
        ("All done 🎉", "All done"),
        ("👍🏽 Okay", "Okay"),
        ("→ left", "left"),
        ("★★★★☆", ""),
        ("word – word", "word, word"),
        ("word—word", "word, word"),
        ("snake_case", "snake case"),
        ("First\nsecond.\nThird", "First. second. Third"),
    ],
}

WRITTEN = [written for cases in CASES.values() for written, _ in cases]


@pytest.mark.parametrize(("written", "said"), [case for cases in CASES.values() for case in cases])
def test_speakable_writes_out(written: str, said: str) -> None:
    assert speakable(written) == said
    assert speakable(said) == said  # what is read well is left alone


@pytest.mark.parametrize(
    "text",
    [
        "In 5 miles turn left.",
        "2 minutes",
        "Row 3 seats",
        "Level 2 is on.",
        "3 a.m.",
        "well-known",
        "I am here.",
        "Vitamin C",
        "Plan B",
        "XL",
        "The Sun shines.",
        "Gate A12",
        "Room 101",
        "7-Eleven",
        "Route 66",
        "iPhone 15",
        "R-kioski",
        "seat 12A",
        "Version 1.2.",
        "It is 1.8.",
        "12,345",
        "the 21st exit",
        "IKEA",
        "end.In",
        "(about 5)",
        "“hello”",
        "You may go in 5.",
        "Sat down",
        "3 bar",
    ],
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


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Turn onto Main St. Then turn right.", ["Turn onto Main St.", "Then turn right."]),
        ("You are near St. Mary. Go on.", ["You are near St. Mary.", "Go on."]),
        ("It costs approx. 5 euros. Okay?", ["It costs approx. 5 euros.", "Okay?"]),
        ("“Stop!” That is all.", ["“Stop!”", "That is all."]),
        ("one\ntwo\n\nThree.", ["one", "two", "Three."]),
    ],
)
def test_sentences_end_where_people_pause(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts


@given(st.text("aB1 .,:;!?\n-/€%°'\"", max_size=400))
def test_spans_hold_every_word_once_and_in_order(text: str) -> None:
    found = spans(text)
    ends = [0, *(end for _, end in found)]
    assert all(before <= start < end for before, (start, end) in zip(ends, found, strict=False))
    assert all(end - start <= LONGEST for start, end in found)
    kept = "".join(text[start:end] for start, end in found)
    assert re.sub(r"\W", "", kept) == re.sub(r"\W", "", text)


@given(st.lists(st.sampled_from(WRITTEN) | st.text(max_size=8), max_size=6).map(" ".join))
def test_speakable_of_anything_is_something_to_say(text: str) -> None:
    said = speakable(text)
    assert not set("\n*_`|<>[]{}\\^~") & set(said)
    assert said == " ".join(said.split())


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
