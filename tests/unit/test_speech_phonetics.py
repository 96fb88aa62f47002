"""How words sound, and how alike they are."""

from __future__ import annotations

import pytest

from cockpit.speech.phonetics import likeness, sounds, weight


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Karl Phaser Cafe", "Karl Fazer Café"),
        ("Rashid", "Rasheed"),
        ("knight", "nite"),
        ("Kelly", "kelli"),
        ("Xavier", "Zavier"),
        ("Kansalisk or Jasto", "Kansalliskirjasto"),
        ("Töölö", "toolo"),
    ],
)
def test_sounds_of_what_is_said_alike_are_the_same(one: str, other: str) -> None:
    assert sounds(one) == sounds(other) or likeness(sounds(one), sounds(other)) > 0.95


def test_sounds_holds_one_letter_a_sound_and_no_blanks() -> None:
    assert sounds("Shop") == "Sap"
    assert sounds("phone book") == "fanbak"
    assert sounds("  12, -- ") == ""


@pytest.mark.parametrize(
    ("heard", "name", "other"),
    [
        ("Kail Vincado", "Kalevankatu", "Kluuvikatu"),
        ("Edeline and Makasena Karu", "Eteläinen Makasiinikatu", "Pohjoinen Makasiinikatu"),
        ("Matty Bertainon", "Matti Virtanen", "Aino Korhonen"),
        ("Mausaka", "moussaka", "mustard"),
    ],
)
def test_likeness_is_greatest_for_the_name_that_was_said(heard: str, name: str, other: str) -> None:
    right, wrong = (likeness(sounds(heard), sounds(one)) for one in (name, other))
    assert right > 0.75
    assert right > wrong + 0.1


def test_likeness_is_symmetric_and_bounded() -> None:
    pairs = [("kalavan", "kalafan"), ("mat", "stra"), ("a", "strsk"), ("", "mat")]
    for one, other in pairs:
        assert likeness(one, other) == pytest.approx(likeness(other, one))
        assert 0 <= likeness(one, other) < 1
        assert likeness(other, other) == 1


def test_likeness_vowels_count_less_than_consonants() -> None:
    assert likeness("mat", "mt") > likeness("mat", "ma")
    assert weight("a") < weight("t")
