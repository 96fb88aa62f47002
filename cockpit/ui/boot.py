"""Opens everything in the background, while the dashboard is already there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from cockpit.events import EngineChanged, EventStream
from cockpit.settings import Settings
from cockpit.ui.cockpit import Cockpit, OpenVehicle
from cockpit.ui.feed import Feed
from cockpit.ui.state import NoteKind, Section, State, StepState
from vehicle_bus.errors import CockpitError

if TYPE_CHECKING:
    from cockpit.audio.streams import Sink
    from cockpit.live.conversation import LiveConversation
    from cockpit.ui.muting import Mutable
    from cockpit.voice import SpeechEngines

log = logging.getLogger(__name__)

type Opener = Callable[[Settings], AbstractAsyncContextManager[OpenVehicle]]
"""Opens the vehicle; handed in, because this package knows no simulator."""

CODE: Final = "program"
VEHICLE: Final = "vehicle bus"
SENTENCES: Final = "sentences"
LANGUAGE_MODEL: Final = "language model"
SPEECH: Final = "speech"
MICROPHONE: Final = "microphone"
LOUDSPEAKER: Final = "loudspeaker"
"""Steps of starting up; some are engines of the same name."""


class Boot:
    """Opens vehicle, session and spoken conversation, and ends them again.

    Everything is opened and closed by one task, so that context managers may hold task groups.

    Args:
        settings: everything that can be set.
        opener: opens the vehicle.
        feed: fed from the moment at which something can happen.
        listen: a microphone is wanted.
        speak: replies are to be said aloud, too.
        on_examples: called with the skills' examples.
        on_ready: called when requests can be made.
        on_failed: called with a sentence when it could not be opened, or broke.

    Attributes:
        fault: that sentence; empty where there is none.
        exit_code: of a program that could not go on because of it.
    """

    def __init__(
        self,
        settings: Settings,
        opener: Opener,
        feed: Feed,
        *,
        listen: bool = True,
        speak: bool = True,
        on_examples: Callable[[tuple[str, ...]], None],
        on_ready: Callable[[Cockpit], None],
        on_failed: Callable[[str], None],
    ) -> None:
        self.fault = ""
        self.exit_code = 0
        self._settings = settings
        self._opener = opener
        self._feed = feed
        self._state: State = feed.state
        self._listen = listen
        self._speak = speak
        self._on_examples = on_examples
        self._on_ready = on_ready
        self._on_failed = on_failed
        self._events = EventStream()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Open everything in the background; again after a failure."""
        if self._task is None or self._task.done():
            self.fault, self.exit_code = "", 0
            self._state.fault = ""
            self._state.steps.clear()
            self._task = asyncio.create_task(self._run(), name="boot")

    async def close(self) -> None:
        """End everything, and wait for that."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:
                await self._open(group, stack)
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        known = first_of(error, CockpitError)
        if known is None:
            log.error("the dashboard cannot go on", exc_info=error)
            text = str(first_of(error, Exception) or error) or type(error).__name__
            self.fault = f"Something broke that should not: {text}. F8 shows the log."
            self.exit_code = 1
        else:
            self.fault = known.spoken
            self.exit_code = int(getattr(known, "exit_code", 3))
        for name, step in self._state.steps.items():
            if step.state is StepState.RUNNING:
                self._step(name, StepState.FAILED, self.fault)
        self._state.ready = False
        self._state.fault = self.fault
        self._feed.touch(Section.BOOT)
        self._on_failed(self.fault)

    def _step(self, name: str, state: StepState, detail: str = "") -> None:
        self._state.step(name, state, detail)
        self._feed.touch()

    async def _open(self, group: asyncio.TaskGroup, stack: AsyncExitStack) -> None:
        events = await stack.enter_async_context(self._events.watch())
        following = [
            group.create_task(self._feed.follow_events(events), name="dashboard events"),
        ]
        stack.callback(lambda: [task.cancel() for task in following])
        self._step(CODE, StepState.RUNNING)
        # Seconds of imports: in a thread, so that the dashboard answers meanwhile.
        await asyncio.to_thread(import_module, "cockpit.session")
        from cockpit.session import open_session

        self._on_examples(await asyncio.to_thread(_examples))
        self._step(CODE, StepState.DONE)
        speech = await stack.enter_async_context(AsyncExitStack())
        engines = await self._begin_speech(speech) if self._listen or self._speak else None
        self._step(VEHICLE, StepState.RUNNING)
        vehicle = await stack.enter_async_context(self._opener(self._settings))
        where = f"car at {vehicle.bus.host}"
        self._state.vehicle.title = "simulated car" if vehicle.world is not None else where
        self._step(VEHICLE, StepState.DONE)
        self._step(SENTENCES, StepState.RUNNING)
        self._step(LANGUAGE_MODEL, StepState.RUNNING)
        session = await stack.enter_async_context(
            open_session(self._settings, vehicle.bus, events=self._events)
        )
        self._step(SENTENCES, StepState.DONE)
        if session.model is None:
            self._state.steps.pop(LANGUAGE_MODEL, None)
        for notice in session.notices:
            self._state.note(notice, NoteKind.WARNING)
        following.append(group.create_task(self._feed.follow_bus(session), name="dashboard bus"))
        cockpit = Cockpit(session, world=vehicle.world, start=vehicle.start)
        self._state.ready = True
        self._feed.touch(Section.BOOT)
        self._on_ready(cockpit)
        await self._converse(cockpit, engines)
        # Typed requests go on until the dashboard ends; engines that nobody needs do not.
        await speech.aclose()
        await asyncio.Event().wait()

    async def _begin_speech(self, stack: AsyncExitStack) -> SpeechEngines | CockpitError:
        """Recogniser and voice begin to load; or why they cannot."""
        self._step(SPEECH, StepState.RUNNING)
        try:
            await asyncio.to_thread(import_module, "cockpit.voice")
            from cockpit.voice import SpeechEngines

            return await stack.enter_async_context(
                SpeechEngines.loading(self._settings, self._events)
            )
        except (CockpitError, ImportError) as error:
            fault = _sentence(error)
            self._step(SPEECH, StepState.FAILED, fault.spoken)
            return fault

    async def _converse(
        self,
        cockpit: Cockpit,
        engines: SpeechEngines | CockpitError | None,
    ) -> None:
        """The spoken conversation until its sound ends, where there can be one."""
        if engines is None:
            self._type(cockpit, "Requests are typed and answered in writing, as you asked.")
            return
        if isinstance(engines, CockpitError):
            self._type(cockpit, f"{engines.spoken} Requests are typed.", NoteKind.WARNING)
            return
        try:
            async with AsyncExitStack() as inner:
                live = await self._open_live(cockpit, engines, inner)
                if live is None:
                    return
                cockpit.live = live
                self._step(SPEECH, StepState.DONE)
                await live.run()
            self._type(cockpit, "The microphone's sound has ended. Requests are typed.")
        except (CockpitError, ImportError) as error:
            why = _sentence(error).spoken
            self._type(cockpit, f"{why} Requests are typed.", NoteKind.WARNING)

    async def _open_live(
        self, cockpit: Cockpit, engines: SpeechEngines, stack: AsyncExitStack
    ) -> LiveConversation | None:
        """The spoken conversation, with what there is; None with neither ears nor mouth."""
        self._step(SPEECH, StepState.RUNNING)
        await asyncio.to_thread(import_module, "cockpit.live.opening")
        from cockpit.audio.open import open_sink
        from cockpit.live.opening import open_live
        from cockpit.ui.muting import Silence

        microphone = await self._open_microphone(stack) if self._listen else None
        if not self._listen:
            self._state.typed_because = "Requests are typed, as you asked."
        sink = await self._open_loudspeaker(stack)
        if sink is None:
            if microphone is None:
                self._type(cockpit, self._state.typed_because)
                return None
            settings = self._settings.audio.model_copy(update={"output": "none"})
            sink = await stack.enter_async_context(open_sink(settings))
        source = microphone or Silence(len(self._settings.audio.zones))
        opening = open_live(cockpit.session, engines, source=source, sink=sink)
        live = await stack.enter_async_context(opening)
        cockpit.microphone = microphone
        self._state.listening = live.state  # later changes come as events
        return live

    async def _open_microphone(self, stack: AsyncExitStack) -> Mutable | None:
        """The microphone; without one, a note says why, and replies are spoken all the same."""
        from cockpit.audio.open import open_source
        from cockpit.ui.muting import Mutable

        opening = open_source(self._settings.audio, self._tell(MICROPHONE))
        try:
            return Mutable(await stack.enter_async_context(opening))
        except CockpitError as error:
            self._state.typed_because = f"{error.spoken} Requests are typed."
            self._state.note(self._state.typed_because, NoteKind.WARNING)
            self._feed.touch()
            return None

    async def _open_loudspeaker(self, stack: AsyncExitStack) -> Sink | None:
        """The loudspeaker; without one, a note says why, and replies are written only."""
        from cockpit.audio.open import open_sink

        opening = open_sink(self._settings.audio, self._tell(LOUDSPEAKER))
        try:
            return await stack.enter_async_context(opening)
        except CockpitError as error:
            self._state.note(f"{error.spoken} Replies are written only.", NoteKind.WARNING)
            self._feed.touch()
            return None

    def _tell(self, engine: str) -> Callable[[str, Mapping[str, Any]], None]:
        return lambda state, detail: self._events.publish(EngineChanged(engine, state, detail))

    def _type(self, cockpit: Cockpit, why: str, kind: NoteKind = NoteKind.INFO) -> None:
        """There is no spoken conversation (any more)."""
        cockpit.live = cockpit.microphone = None
        state = self._state
        state.typed_because = why
        state.listening = state.listening_seat = state.caption = None
        state.levels = {}
        speech = state.steps.get(SPEECH)
        if speech is not None and speech.state is StepState.RUNNING:
            failed = kind is not NoteKind.INFO
            self._step(SPEECH, StepState.FAILED if failed else StepState.DONE, why)
        if kind is not NoteKind.INFO:
            state.note(why, kind)
        self._feed.touch(Section.BOOT, Section.LISTENING)


def _examples() -> tuple[str, ...]:
    from skills.api import SkillSet

    skills = SkillSet.installed().skills
    return tuple(example for skill in skills for example in skill.examples)


def first_of[E: Exception](error: BaseException, kind: type[E]) -> E | None:
    """The first error of a kind in a (nested) group, or the error itself."""
    if isinstance(error, BaseExceptionGroup):
        found = (first_of(inner, kind) for inner in error.exceptions)
        return next((one for one in found if one is not None), None)
    return error if isinstance(error, kind) else None


def _sentence(error: CockpitError | ImportError) -> CockpitError:
    if isinstance(error, CockpitError):
        return error
    return CockpitError(
        f"Speaking needs a part that is not there ({error.name or error}); install "
        "offline-cockpit[speech,audio]."
    )
