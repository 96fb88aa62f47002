"""Putting names right, and leaving everything else alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.speech.hints import Correction, Kind, Name, OrdinaryWords, Vocabulary
from cockpit.speech.recognizer import Alternative

ENGLISH = """a add all alone am and at away back bank bread bring buy call can cancel car carpenter
close cook cool corn cost do drive fan far find for from get go how i in is it late left let list
make me message milk mobile mouse my navigate near no not of off on open pharmacy please put rice
ring run set soup stop sure take text that the there time to tonight turn twelve two up want warm
what where window with without you full awful sculpt scamp"""
PLACES = (
    "Kalevankatu",
    "Kaisaniemenranta",
    "Kluuvikatu",
    "Eteläinen Makasiinikatu",
    "Pohjoinen Makasiinikatu",
    "Vanha Kauppakuja",
    "Karl Fazer Café",
    "Alvar Aallon katu",
)
PEOPLE = ("Matti Virtanen", "Xavier Laurent", "Joaquin Herrera")
THINGS = ("moussaka", "falafel", "rice", "bread", "corn soup", "milk")


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    names = [
        *(Name(text, Kind.PLACE) for text in PLACES),
        *(Name(text, Kind.PERSON) for text in PEOPLE),
        *(Name(text, Kind.THING) for text in THINGS),
    ]
    return Vocabulary(names, OrdinaryWords(ENGLISH.split()))


def correct(vocabulary: Vocabulary, *texts: str, logprob: float = -0.5) -> Correction:
    """The outcome for these hypotheses, each a bit less likely than the one before."""
    return vocabulary.correct(
        [Alternative(text, logprob - 0.05 * index) for index, text in enumerate(texts)]
    )


@pytest.mark.parametrize(
    ("heard", "text"),
    [
        ("Take me to Kail Vincado.", "Take me to Kalevankatu."),
        ("Take me to Edeline and Makasena Karu.", "Take me to Eteläinen Makasiinikatu."),
        ("Drive to Vanacopa QJ-12.", "Drive to Vanha Kauppakuja 12."),
        ("Drive to Elvar all in Kadi 12.", "Drive to Alvar Aallon katu 12."),
        ("What time does Karl Phaser Cafe close?", "What time does Karl Fazer Café close?"),
        ("Call Matty Bertainon.", "Call Matti Virtanen."),
        ("Send a message to Joe Quinn Herrera.", "Send a message to Joaquin Herrera."),
        ("How do I make Mausaka?", "How do I make moussaka?"),
    ],
)
def test_vocabulary_writes_the_name_that_was_said(
    vocabulary: Vocabulary, heard: str, text: str
) -> None:
    assert correct(vocabulary, heard).text == text


@pytest.mark.parametrize(
    "text",
    [
        "Take me to the bank.",
        "How far is the pharmacy?",
        "Add full awful to my list.",  # ordinary words alone, whatever they sound like
        "Turn off the fan, and set it to 20.",
        "Buy milk without rice and no bread.",
        "Call my carpenter.",
        "",
        "22.5!",
    ],
)
def test_vocabulary_leaves_ordinary_words_alone(vocabulary: Vocabulary, text: str) -> None:
    for logprob in (-0.1, -0.9):
        assert correct(vocabulary, text, logprob=logprob) == Correction(text, (), logprob)


def test_vocabulary_leaves_other_names_alone(vocabulary: Vocabulary) -> None:
    for text in ("Take me to Reykjavik.", "Call Gwendolyn Fairweather.", "Play Schubert."):
        assert correct(vocabulary, text).names == ()


def test_vocabulary_asks_for_more_where_the_recogniser_was_sure(vocabulary: Vocabulary) -> None:
    text = "Take me to Kail Vincado."
    assert correct(vocabulary, text, logprob=-0.1).text == text
    assert correct(vocabulary, "Call Matti Virtanin.", logprob=-0.1).names == ("Matti Virtanen",)


def test_vocabulary_asks_for_more_where_no_name_is_expected(vocabulary: Vocabulary) -> None:
    assert correct(vocabulary, "The Kail Vincador window.").names == ()


def test_vocabulary_takes_a_hypothesis_that_holds_a_name(vocabulary: Vocabulary) -> None:
    found = correct(vocabulary, "Add full awful to my list.", "Add falafel to my list.")
    assert (found.text, found.names) == ("Add falafel to my list.", ())


def test_vocabulary_takes_no_hypothesis_that_is_much_less_likely(vocabulary: Vocabulary) -> None:
    first = Alternative("Add full awful to my list.", -0.1)
    second = Alternative("Add falafel to my list.", -0.6)
    assert vocabulary.correct([first, second]).text == first.text


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Put two full awful on my list.", "Put ten falafel on my list."),
        ("Do not add full awful.", "Do add falafel."),
        ("Turn on the full awful.", "Turn off the falafel."),
        ("Buy 20 full awful.", "Buy 12 falafel."),
    ],
)
def test_vocabulary_never_swaps_numbers_or_polarity(
    vocabulary: Vocabulary, first: str, second: str
) -> None:
    assert correct(vocabulary, first, second).text == first


def test_vocabulary_changes_nothing_across_a_number(vocabulary: Vocabulary) -> None:
    text = "Take me to Kail 5 Vincado."
    assert correct(vocabulary, text).text == text


def test_vocabulary_without_hypotheses_is_refused(vocabulary: Vocabulary) -> None:
    with pytest.raises(ValueError, match="no hypothesis"):
        vocabulary.correct([])


def test_vocabulary_without_names_changes_nothing() -> None:
    nothing = Vocabulary([], OrdinaryWords(()))
    assert correct(nothing, "Take me to Kail Vincado.").names == ()


def test_ordinary_words_are_those_of_the_model_with_their_endings(tmp_path: Path) -> None:
    lines = ["Ġwarm", "Ġcarry", "Ġstop", "Ġheat", "ĠHelsinki", "katu", "Ġ12", "<|en|>"]
    (tmp_path / "vocabulary.txt").write_text("\n".join(lines), encoding="utf-8")
    words = OrdinaryWords.of_model(tmp_path, ["defrost"])
    for word in ("warm", "warmer", "carries", "stopped", "heaters", "reheat", "defrosting"):
        assert word in words, word
    for word in ("helsinki", "katu", "kaivokatu", "12"):
        assert word not in words, word


def test_ordinary_words_without_a_model_are_those_that_are_given(tmp_path: Path) -> None:
    for folder in (None, tmp_path):
        words = OrdinaryWords.of_model(folder, ["warm"])
        assert "warm" in words
        assert "cold" not in words
