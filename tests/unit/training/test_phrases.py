from __future__ import annotations

import random
from pathlib import Path

import pytest

from models.training.phrases import (
    Numbers,
    PhraseInvalid,
    Slots,
    draw,
    expansions,
    in_words,
    parse,
    read_phrases,
    read_slots,
    spoken_number,
    squeezed,
)
from tests.unit.training.folder import written

NO_SLOTS = Slots({})


def said(text: str, slots: Slots = NO_SLOTS, times: int = 60) -> set[str]:
    """Everything that a phrase is drawn as."""
    rng = random.Random(1)
    drawn = (draw(parse(text), slots, rng)[0] for _ in range(times))
    return {squeezed("".join(piece.text for piece in pieces)) for pieces in drawn}


def test_draw_brackets_give_every_variant() -> None:
    assert said("(turn|switch) it [right] off") == {
        "turn it off",
        "switch it off",
        "turn it right off",
        "switch it right off",
    }
    assert said("[a [b] c] d") == {"d", "a c d", "a b c d"}


@pytest.mark.parametrize("text", ["open [it", "open it)", "{a slot}", "a|b", "(a|b]"])
def test_parse_faulty_brackets_are_refused(text: str) -> None:
    with pytest.raises(PhraseInvalid):
        parse(text)


def test_draw_slots_have_value_and_spoken_form() -> None:
    slots = Slots({"level": Numbers(1, 3, 1)})
    rng = random.Random(2)
    pieces, filled = draw(parse("fan {level} no {level2}"), slots, rng)
    assert {piece.slot for piece in pieces} == {None, "level", "level2"}
    assert {entry.value for entry in filled.values()} <= {"1", "2", "3"}
    with pytest.raises(PhraseInvalid, match="no slot"):
        draw(parse("{nothing}"), slots, rng)


def test_draw_says_what_the_plan_needs() -> None:
    slots = Slots({"level": Numbers(1, 3, 1)})
    rng = random.Random(3)
    needed = frozenset(("level",))
    for _ in range(20):
        assert "level" in draw(parse("fan up [to {level}]"), slots, rng, needed)[1]
    with pytest.raises(PhraseInvalid, match="not said"):
        draw(parse("fan up"), slots, rng, needed)


def test_expansions_are_counted_up_to_a_limit() -> None:
    assert expansions(parse("(a|b|c) [d] e"), NO_SLOTS) == 6
    assert expansions(parse(" ".join(["(a|b)"] * 40)), NO_SLOTS) == 400


@pytest.mark.parametrize(
    ("value", "spoken"),
    [(0, "zero"), (7, "seven"), (40, "forty"), (21, "twenty one"), (105, "one hundred and five")],
)
def test_in_words_whole_numbers(value: int, spoken: str) -> None:
    assert in_words(value) == spoken


def test_spoken_number_has_many_forms() -> None:
    rng = random.Random(4)
    assert {spoken_number(21.5, rng) for _ in range(60)} == {
        "21.5",
        "twenty one and a half",
        "twenty one point five",
    }
    assert "minus two" in {spoken_number(-2, rng) for _ in range(20)}


def test_read_phrases_knows_lines_and_contexts(tmp_path: Path) -> None:
    phrases, faults = read_phrases(written(tmp_path) / "phrases")
    assert faults == []
    first = phrases[0]
    assert (first.where, first.plan) == ("small.yaml:3", "climate.set_temperature {temperature}")
    follow = next(phrase for phrase in phrases if phrase.last)
    assert follow.needed == frozenset()


def test_read_phrases_takes_lines_that_begin_with_a_bracket(tmp_path: Path) -> None:
    text = "- plan: doors.lock\n  say:\n    - [uh] lock up\n    - {side} door\n    - don't [x]\n"
    phrases, faults = read_phrases(written(tmp_path, text) / "phrases")
    assert faults == []
    assert [phrase.say for phrase in phrases] == ["[uh] lock up", "{side} door", "don't [x]"]


def test_read_phrases_names_every_fault_with_its_line(tmp_path: Path) -> None:
    text = "- plan: doors.lock\n  say:\n    - lock (it\n- say: hi\n- plan: none\n  x: y\n  say: y\n"
    _, faults = read_phrases(written(tmp_path, text) / "phrases")
    assert [fault.line for fault in faults] == [3, 4, 5]
    assert str(faults[0]).startswith("small.yaml:3: group 1: 'lock (it': ")


def test_read_phrases_broken_yaml_is_a_fault(tmp_path: Path) -> None:
    _, faults = read_phrases(written(tmp_path, "- plan: [\n") / "phrases")
    assert "not YAML" in faults[0].text


def test_read_phrases_only_some_files(tmp_path: Path) -> None:
    folder = written(tmp_path) / "phrases"
    assert read_phrases(folder, ["other"])[0] == []
    assert read_phrases(folder, ["small"])[0]


def test_read_slots_two_files_must_agree(tmp_path: Path) -> None:
    folder = written(tmp_path) / "slots"
    (folder / "tiny.yaml").write_text("goal: [elsewhere]\nside:\n  on: [{x}]\n", encoding="utf-8")
    slots, faults = read_slots(folder)
    assert [fault.line for fault in faults] == [1, 2]
    assert slots.get("goal2") is slots.get("goal") is not None
