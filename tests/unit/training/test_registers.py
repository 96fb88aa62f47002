from __future__ import annotations

import random

import pytest

from cockpit.agent.llm.spoken import model_text
from models.training.phrases import Slots, Words, parse
from models.training.plans import spans
from models.training.registers import SHARES, Speaker, is_command, stands_beside_others

SLOTS = Slots(
    {
        name: Words((("", (parse(word),)),))
        for name, word in (("person", "anna"), ("place_name", "kamppi"), ("street", "main street"))
    }
)


@pytest.mark.parametrize("register", sorted(SHARES))
def test_say_keeps_what_is_protected(register: str) -> None:
    rng = random.Random(register)
    speaker = Speaker(SLOTS)
    for _ in range(200):
        told = speaker.say("take me to the end of a road", register, ["the end of a road"], rng)
        assert spans("the end of a road", told)
        assert model_text(told) == told


@pytest.mark.parametrize("register", sorted(set(SHARES) - {"plain"}))
def test_say_registers_differ_from_plain(register: str) -> None:
    rng = random.Random(register)
    speaker = Speaker(SLOTS)
    told = {speaker.say("turn the fan to 3", register, ["3"], rng) for _ in range(50)}
    assert len(told) > 5
    assert all("3" in text.split() for text in told)


def test_say_talk_to_others_is_not_addressed_to_the_car() -> None:
    rng = random.Random(1)
    told = {
        Speaker(SLOTS).say("did you feed the dog", name, [], rng, for_car=False)
        for name in ("plain", "polite", "address")
    }
    assert told == {"did you feed the dog"}


@pytest.mark.parametrize(
    ("text", "command"), [("open it", True), ("do i need a coat", False), ("fan three", False)]
)
def test_is_command_begins_with_a_verb(text: str, command: bool) -> None:
    assert is_command(text) is command


@pytest.mark.parametrize("text", ["i'm freezing", "it is too loud", "my hands are cold"])
def test_stands_beside_others_no_complaints(text: str) -> None:
    assert not stands_beside_others(text)


@pytest.mark.parametrize("text", ["open the window", "fan three", "what time is it", "music off"])
def test_stands_beside_others_wishes(text: str) -> None:
    assert stands_beside_others(text) is ("it" not in text.split())
