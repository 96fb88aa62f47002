"""What is chosen of a recogniser's texts."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from cockpit.agent.plan import Call, Plan, Verdict
from cockpit.speech.alternatives import AlternativeChooser
from cockpit.speech.audio import Audio
from cockpit.speech.recognizer import Alternative, Transcript

SOUND = Audio.silence(1.0)


def command(*free: str, confidence: float = 1.0) -> Plan:
    call = Call("doors.lock", {"locked": True})
    clauses = {"clauses": [{"free": list(free)}]}
    return Plan((call,), "template", Verdict.ACT, confidence, detail=clauses)


UNKNOWN = Plan((), "template", Verdict.UNKNOWN)
KNOWN: Mapping[str, Plan] = {
    "Lock the doors.": command(),
    "Lock the doors please": command(),
    "Go to the bar.": command("the bar"),
    "Lock doors, maybe.": command(confidence=0.85),
    "Book a flight.": UNKNOWN,
}


class Agent:
    """Knows sentences by heart; ``asks`` is its open question."""

    def __init__(self, asks: str | None = None) -> None:
        self.conversation = SimpleNamespace(question=asks)
        self.tried: list[str] = []

    async def by_heart(self, text: str) -> Plan | None:
        self.tried.append(text)
        return KNOWN.get(text)


class Texts:
    """A recogniser that gives the same texts for every sound."""

    name = "texts"

    def __init__(self, *texts: tuple[str, float]) -> None:
        self.texts = texts
        self.closed = False

    async def transcribe(self, audio: Audio) -> Transcript:
        text = self.texts[0][0] if self.texts else ""
        found = tuple(Alternative(*one) for one in self.texts)
        return Transcript(text, 0.9, audio.seconds, 0.1, self.name, alternatives=found)

    async def close(self) -> None:
        self.closed = True


async def chosen(agent: Any, *texts: tuple[str, float]) -> Transcript:
    return await AlternativeChooser(Texts(*texts), agent).transcribe(SOUND)


async def test_alternatives_a_known_command_takes_the_place_of_strange_words() -> None:
    found = await chosen(Agent(), ("Block the doors.", -0.1), ("Lock the doors.", -0.3))
    assert found.text == "Lock the doors."
    assert found.confidence == pytest.approx(0.741, abs=0.001)


@pytest.mark.parametrize(
    ("first", "other", "logprob"),
    [
        ("Book a flight.", "Lock the doors.", -0.2),  # known, as what no skill can do
        ("Block the doors.", "Lock the doors.", -0.7),  # too unlikely
        ("What a lovely evening it was.", "Lock the doors.", -0.2),  # sounds different
        ("Go to the car.", "Go to the bar.", -0.2),  # a name, which may be anything
        ("Block doors, maybe.", "Lock doors, maybe.", -0.2),  # itself doubtful
        ("Book the light.", "Book a flight.", -0.2),  # nothing to do
    ],
)
async def test_alternatives_else_the_first_text_stays(
    first: str, other: str, logprob: float
) -> None:
    found = await chosen(Agent(), (first, -0.1), (other, logprob))
    assert (found.text, found.confidence) == (first, 0.9)


async def test_alternatives_the_answer_to_a_question_is_not_doubted() -> None:
    agent = Agent("Which doors?")
    found = await chosen(agent, ("Block the doors.", -0.1), ("Lock the doors.", -0.2))
    assert found.text == "Block the doors."
    assert agent.tried == []


async def test_alternatives_silence_and_a_text_alone_stay_what_they_are() -> None:
    assert (await chosen(Agent())).text == ""
    assert (await chosen(Agent(), ("Block the doors.", -0.1))).text == "Block the doors."


async def test_alternatives_close_the_recogniser() -> None:
    texts = Texts()
    chooser = AlternativeChooser(texts, Agent())  # type: ignore[arg-type]
    assert chooser.name == "texts"
    await chooser.close()
    assert texts.closed
