"""Live captions while somebody speaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable

from cockpit.live.captions import BEHIND, Captions
from cockpit.speech.audio import Audio
from cockpit.speech.errors import SpeechError
from cockpit.speech.recognizer import Partial, Transcript
from tests.fakes.clock import virtual_time
from tests.fakes.ears import hum


class Counter:
    """Says how much it heard; a frame takes a millisecond."""

    def __init__(self, fails_after: int = 1000) -> None:
        self.fails_after = fails_after
        self.ended = 0

    async def stream(self, chunks: AsyncIterable[Audio]) -> AsyncGenerator[Partial | Transcript]:
        heard = 0
        try:
            async for _ in chunks:
                heard += 1
                await asyncio.sleep(0.001)
                if heard > self.fails_after:
                    raise SpeechError("It died.")
                yield Partial(f"{heard} frames", heard * 0.032)
        finally:
            self.ended += 1


@virtual_time
async def test_captions_follow_one_utterance_at_a_time() -> None:
    shown: list[str] = []
    recognizer = Counter()
    captions = Captions(recognizer, shown.append)
    captions.begin(hum(0.1, 0.5))
    captions.add(hum(0.1, 0.032))
    await asyncio.sleep(1)
    captions.begin(hum(0.1, 0.5))
    await asyncio.sleep(1)
    captions.end()
    await asyncio.sleep(0.1)
    assert shown == ["1 frames", "2 frames", "1 frames"]
    assert recognizer.ended == 2


@virtual_time
async def test_captions_that_fall_behind_leave_out_the_oldest() -> None:
    shown: list[str] = []
    captions = Captions(Counter(), shown.append)
    captions.begin(hum(0.1, 0.032))
    for _ in range(3 * BEHIND):
        captions.add(hum(0.1, 0.032))
    await asyncio.sleep(1)
    captions.end()
    assert len(shown) == BEHIND


@virtual_time
async def test_captions_of_a_recogniser_that_fails_end_with_nothing_else() -> None:
    shown: list[str] = []
    captions = Captions(Counter(fails_after=1), shown.append)
    captions.begin(hum(0.1, 0.032))
    captions.add(hum(0.1, 0.032))
    await asyncio.sleep(1)
    captions.add(hum(0.1, 0.032))
    captions.end()
    assert shown == ["1 frames"]
