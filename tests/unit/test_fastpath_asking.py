"""Questions that templates do not spell out, put into plain ones."""

from __future__ import annotations

import pytest

from cockpit.agent.fastpath.asking import plain_questions
from cockpit.agent.fastpath.normalise import Normaliser, plain


def _plain(text: str, *, asked: bool = False) -> list[str]:
    return [plain(words) for words in plain_questions(Normaliser()(text), asked=asked)]


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("the ac is it on", "is the ac on"),
        ("the fan what is it set to", "what is the fan set to"),
        ("any windows open", "are any windows open"),
        ("have i got the lights on", "are the lights on"),
        ("did someone leave on the radio", "is the radio on"),
        ("did i forget to lock the car", "is the car unlocked"),
        ("did you remember to shut the boot", "is the boot closed"),
        ("the boot is shut isn't it", "is the boot shut"),
        ("is the roof open or closed", "is the roof open"),
        ("what have i got the fan set to", "what is the fan set to"),
        ("what speed did i set the fan to", "what speed is the fan on"),
        ("can you check on the windows", "what is the status of the windows"),
        ("windows status", "what is the status of windows"),
    ],
)
def test_question_in_other_words_is_put_plainly(said: str, wanted: str) -> None:
    assert wanted in _plain(said)


def test_state_word_alone_is_only_a_question_where_it_is_asked() -> None:
    assert "is window heating off" in _plain("window heating off", asked=True)
    assert "is window heating off" not in _plain("window heating off")


@pytest.mark.parametrize(
    "text", ["what", "he told me that it is not going to be any better by then at all"]
)
def test_too_short_or_too_long_gives_nothing(text: str) -> None:
    assert not _plain(text)
