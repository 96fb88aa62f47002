import pytest

from cockpit.agent.llm.lexicon import Lexicon
from skills.api import SkillSet


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.of(SkillSet.installed())


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("get the ice off the glass at the back", "climate.set_defrost"),
        ("make the music a whole lot quieter", "media.change_volume"),
        ("it smells weird in here", "climate.set_recirculation"),
    ],
)
def test_lexicon_supports_the_function_whose_words_are_said(
    lexicon: Lexicon, text: str, function: str
) -> None:
    assert lexicon.support(text, function) == 1
    assert lexicon.support(text, "doors.open_trunk") < 0.35


@pytest.mark.parametrize("text", ["", "who is the president", "could you do that for me please"])
def test_lexicon_text_without_telling_words_supports_nothing(lexicon: Lexicon, text: str) -> None:
    assert {lexicon.support(text, name) for name in SkillSet.installed()} == {0}


def test_lexicon_finds_other_forms_of_a_word() -> None:
    small = Lexicon({"a.fold": ["mirror"], "b.open": ["window"], "c.dim": ["light"]})
    assert small.support("all mirrors", "a.fold") == 1
    assert small.support("all mirrors", "b.open") == 0
