"""A recogniser with the names of the stores."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cockpit.agent.resources import SessionResources
from cockpit.speech.audio import Audio
from cockpit.speech.errors import RecognizerFailed
from cockpit.speech.hinted import HintedRecognizer, StoreHints
from cockpit.speech.recognizer import Alternative, Transcript
from skills.api import Environment, SkillSet
from skills.navigation.saved import SavedPlace, SavedPlaces
from skills.shopping.store import ShoppingList
from tests.fakes.vehicle import FakeClock


class Hearer:
    """Hears what it is told to; has no alternatives where there is one text only."""

    name = "hearer"

    def __init__(self, *texts: str) -> None:
        self.texts = texts
        self.closed = False

    async def transcribe(self, audio: Audio) -> Transcript:
        if self.texts == ("broken",):
            raise RecognizerFailed("I did not hear that.")
        several = self.texts if len(self.texts) > 1 else ()
        alternatives = tuple(Alternative(text, -0.5) for text in several)
        text = self.texts[0] if self.texts else ""
        return Transcript(text, 0.6, audio.seconds, 0.1, self.name, alternatives=alternatives)

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
async def resources(tmp_path: Path) -> AsyncIterator[SessionResources]:
    environment = Environment(tmp_path, None, FakeClock())
    async with SessionResources.open(environment) as opened:
        yield opened


@pytest.fixture
def hints(resources: SessionResources, tmp_path: Path) -> StoreHints:
    return StoreHints(resources, SkillSet.installed().skills, people=["Aino Korhonen"])


def model(folder: Path, words: str) -> Path:
    """A model of a recogniser that knows these words."""
    (folder / "vocabulary.txt").write_text("\n".join("Ġ" + word for word in words.split()))
    return folder


async def heard(hints: StoreHints, folder: Path, *texts: str) -> str:
    english = model(folder, "add call take me to list my the please message send")
    transcript = await HintedRecognizer(Hearer(*texts), hints, english).transcribe(
        Audio.silence(1.0)
    )
    return transcript.text


async def test_hinted_recognizer_knows_people_and_recipes(
    hints: StoreHints, tmp_path: Path
) -> None:
    assert await heard(hints, tmp_path, "Call Ano Coronan.") == "Call Aino Korhonen."
    assert await heard(hints, tmp_path, "Add Mausaka to my list.") == "Add moussaka to my list."
    assert await heard(hints, tmp_path, "Call Ano Coronan.", "Call anno.") == "Call Aino Korhonen."


async def test_hinted_recognizer_learns_what_people_save_meanwhile(
    hints: StoreHints, resources: SessionResources, tmp_path: Path
) -> None:
    said = "Take me to Grandma Hilde Gard."
    assert await heard(hints, tmp_path, said) == said
    saved = await resources.get(SavedPlaces)
    saved.put("grandma hildegard", SavedPlace(latitude=60.1, longitude=24.9))
    assert await heard(hints, tmp_path, said) == "Take me to grandma hildegard."
    (await resources.get(ShoppingList)).replace(["kantuccini"])
    assert await heard(hints, tmp_path, "Add Can Tootchini.") == "Add kantuccini."


async def test_hinted_recognizer_leaves_the_words_of_the_skills_alone(
    hints: StoreHints, tmp_path: Path
) -> None:
    for text in ("Turn on the defroster.", "Open the sunroof.", "Dim the headlights, please."):
        assert await heard(hints, tmp_path, text) == text


async def test_hinted_recognizer_silence_stays_silence(hints: StoreHints, tmp_path: Path) -> None:
    assert await heard(hints, tmp_path) == ""


async def test_hinted_recognizer_works_where_a_store_is_damaged(
    hints: StoreHints, tmp_path: Path
) -> None:
    (tmp_path / "places.json").write_text("[")
    (tmp_path / "shopping.json").write_text("[")
    assert await heard(hints, tmp_path, "Call Ano Coronan.") == "Call Aino Korhonen."


async def test_hinted_recognizer_passes_on_failure_and_close(
    hints: StoreHints, tmp_path: Path
) -> None:
    broken = Hearer("broken")
    recognizer = HintedRecognizer(broken, hints)
    assert recognizer.name == "hearer"
    with pytest.raises(RecognizerFailed):
        await recognizer.transcribe(Audio.silence(1.0))
    await recognizer.close()
    assert broken.closed
