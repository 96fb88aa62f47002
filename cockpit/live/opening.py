"""Opening everything that a live conversation needs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from cockpit.audio.open import open_sink, open_source
from cockpit.audio.streams import Sink, Source
from cockpit.events import EngineChanged
from cockpit.live.answers import AnswerCache, Rehearsal
from cockpit.live.conversation import LiveConversation
from cockpit.live.gauge import MICROPHONE
from cockpit.live.speaking import Speaker
from cockpit.session import Session
from cockpit.voice import SpeechEngines, hints_of

LOUDSPEAKER = "loudspeaker"
"""Its name in ``EngineChanged`` events."""


@asynccontextmanager
async def open_live(
    session: Session,
    engines: SpeechEngines,
    *,
    source: Source | None = None,
    sink: Sink | None = None,
    answers: AnswerCache | None = None,
) -> AsyncIterator[LiveConversation]:
    """A live conversation on a session, ready to ``run``.

    Args:
        engines: recogniser and voice, which may still be loading.
        source: in place of what ``settings.audio.input`` names.
        sink: in place of what ``settings.audio.output`` names.
        answers: in place of those that are kept below the user's cache.

    Raises:
        SpeechError: microphone, loudspeaker or an engine cannot be opened.
        CockpitError: a model is not in the asset store.
    """

    def tell(engine: str, state: str, detail: Mapping[str, Any]) -> None:
        session.events.publish(EngineChanged(engine, state, detail))

    audio = session.settings.audio
    async with AsyncExitStack() as stack:
        if source is None:
            source = await stack.enter_async_context(
                open_source(audio, lambda state, detail: tell(MICROPHONE, state, detail))
            )
        if sink is None:
            sink = await stack.enter_async_context(
                open_sink(audio, lambda state, detail: tell(LOUDSPEAKER, state, detail))
            )
        pipeline = await engines.pipeline(session.agent, hints_of(session))
        voice = pipeline.voice
        if answers is None:
            answers = await stack.enter_async_context(AnswerCache.open(voice.model))
        rehearsal = Rehearsal(answers, voice)
        stack.push_async_callback(rehearsal.close)
        speaker = await stack.enter_async_context(Speaker(voice, sink, answers, rehearsal))
        captioner = await engines.captioner()
        yield LiveConversation(
            session, source, sink, pipeline.recognizer, speaker, captioner=captioner
        )
