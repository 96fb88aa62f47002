"""A planner over a GGUF model: a request and its context in, calls out."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from platformdirs import user_cache_path

from cockpit.agent.llm.calibration import Thresholds, calibration_of
from cockpit.agent.llm.engine import Chosen, Constraint, Engine
from cockpit.agent.llm.errors import PlanningCancelled, PromptTooLong
from cockpit.agent.llm.language import PlanSyntax, references
from cockpit.agent.llm.lookup import Lookup
from cockpit.agent.llm.model import Startup
from cockpit.agent.llm.prompted import Prompted
from cockpit.agent.llm.trained import Trained
from cockpit.agent.llm.ways import Way
from cockpit.agent.plan import Call, DialogueContext, Plan, Utterance, Verdict
from cockpit.settings import APP, AgentSettings
from skills.api import SkillError, SkillSet

_LONGEST_SAID = 240
"""Longest request in tokens; more is dictation or noise, and would only cost time."""

_WORTH_KEEPING = 64
"""A constant prompt of fewer tokens is read anew at each start."""


class LlmPlanner:
    """Plans with a local language model (DESIGN §6, planner c).

    An async context manager. The engine runs in a thread of its own; a cancelled ``plan`` stops
    it at the next token.
    """

    name = "lm"

    def __init__(
        self,
        skills: SkillSet,
        model: Path,
        settings: AgentSettings,
        *,
        name: str = "",
        adapter: Path | None = None,
        cache_dir: Path | None = None,
        engine: Callable[[], Engine] | None = None,
        event: Callable[[], threading.Event] = threading.Event,
    ) -> None:
        """Nothing is loaded yet.

        Args:
            model: a GGUF model, trained on our plans or any chat model.
            name: the model's, for its calibration; the file's by default.
            adapter: what it was trained to, where that is not merged into it.
            cache_dir: where the evaluated prompt is kept between runs.
            engine: makes the engine; for tests.
            event: makes what is looked at between two steps, whether to stop.
        """
        self.model_name = name or model.stem
        self._skills = skills
        self._settings = settings
        self._calibration = calibration_of(self.model_name)
        self._thresholds = Thresholds.of(settings, self._calibration)
        self._cache = cache_dir or user_cache_path(APP) / "prompts"
        self._make = engine or (
            lambda: Engine(
                model,
                threads=settings.threads,
                context_tokens=settings.context_tokens,
                trained_tokens=_LONGEST_SAID + settings.max_plan_tokens + _WORTH_KEEPING,
                adapter=adapter,
            )
        )
        self._event = event
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="language-model")
        self._stopping = threading.Event()
        self._engine: Engine | None = None
        self._way: Way | None = None
        self._constraint: Constraint | None = None
        self._lookup: Lookup | None = None
        self._prefix: list[int] = []
        self._suffix: list[int] = []
        self.startup: Startup | None = None

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def start(self) -> Startup:
        """Load the model and evaluate the constant prompt, or take up its saved state.

        Raises:
            EngineMissing, ModelMissing, ModelUnusable: there is nothing to plan with.
            PromptTooLong: the functions do not fit into the model's context.
        """
        return await self._in_thread(self._start)

    async def both(self) -> None:
        """There is no second model."""

    async def close(self) -> None:
        """Stop a running plan and free the model."""
        self._stopping.set()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._free)
        self._thread.shutdown()

    async def plan(self, utterance: Utterance, context: DialogueContext) -> Plan | None:
        """A plan; never None, for a language model always has something to say.

        Raises:
            ModelError: the model could not be loaded or failed.
        """
        return await self._in_thread(lambda cancel: self._plan(utterance, context, cancel))

    async def _in_thread[T](self, work: Callable[[threading.Event], T]) -> T:
        cancel = self._event()
        running = asyncio.get_running_loop().run_in_executor(self._thread, work, cancel)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            cancel.set()
            # Nobody waits for the thread any more, so nobody would look at how it ended.
            running.add_done_callback(lambda done: done.cancelled() or done.exception())
            raise

    def _start(self, cancel: threading.Event) -> Startup:
        if self.startup is not None:
            return self.startup
        began = time.perf_counter()
        engine = self._engine = self._engine or self._make()
        way = self._way = self._way or self._choose_way(engine)
        self._prefix = engine.tokenize(way.frame.before, special=True)
        self._suffix = engine.tokenize(way.frame.after, special=True)
        needed = len(self._prefix) + len(self._suffix) + self._settings.max_plan_tokens
        if needed + _LONGEST_SAID > engine.context_tokens:
            raise PromptTooLong(needed + _LONGEST_SAID, engine.context_tokens)
        self._constraint = self._constraint or engine.constraint(way.grammar)
        if self._settings.prompt_lookup:
            self._lookup = Lookup(engine.tokenize(way.likely, special=False) or self._prefix)
        loaded = time.perf_counter()
        kept = len(self._prefix) >= _WORTH_KEEPING
        cached = kept and engine.load_state(self._cache, self._prefix)
        if not cached:
            # A short one, too: that reads the weights, which the first request need not wait for.
            engine.evaluate(self._prefix, cancel)
            if kept:
                engine.save_state(self._cache)
        self.startup = Startup(
            load_ms=(loaded - began) * 1000,
            prefix_tokens=len(self._prefix),
            prefix_ms=(time.perf_counter() - loaded) * 1000,
            from_cache=cached,
        )
        return self.startup

    def _choose_way(self, engine: Engine) -> Way:
        if engine.notation:
            return Trained(self._skills)
        return Prompted(
            self._skills,
            engine.chat_template,
            bos=engine.special("bos"),
            eos=engine.special("eos"),
        )

    def _free(self) -> None:
        if self._constraint is not None:
            self._constraint.close()
            self._constraint = None
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def _plan(
        self, utterance: Utterance, context: DialogueContext, cancel: threading.Event
    ) -> Plan:
        self._start(cancel)
        assert self._engine is not None
        assert self._way is not None
        began = time.perf_counter()
        said = self._engine.tokenize(self._way.ask(utterance, context), special=False)
        if len(said) > _LONGEST_SAID:
            said = self._engine.tokenize(self._way.ask(utterance, DialogueContext()), special=False)
        if len(said) > _LONGEST_SAID:
            why = {"reason": f"the request has {len(said)} tokens, too many to be a command"}
            return Plan((), self.name, Verdict.UNSURE, 0.0, detail=why)
        tokens = [*self._prefix, *said, *self._suffix]
        fresh = self._engine.evaluate(tokens, cancel)
        read = time.perf_counter()
        pieces, chosen, steps = self._decode(self._engine, tokens, cancel)
        answer = b"".join(pieces).decode("utf-8", "replace")
        detail: dict[str, Any] = {
            "output": answer,
            "tokens": [
                (piece.decode("utf-8", "replace"), round(step.probability, 4))
                for piece, step in zip(pieces, chosen, strict=True)
            ],
            "prompt_tokens": fresh,
            "output_tokens": len(chosen),
            "output_steps": steps,
            "prompt_ms": round((read - began) * 1000, 1),
            "output_ms": round((time.perf_counter() - read) * 1000, 1),
        }
        return self._judge(utterance.text, context, answer, chosen, detail)

    def _decode(
        self, engine: Engine, tokens: list[int], cancel: threading.Event
    ) -> tuple[list[bytes], list[Chosen], int]:
        """Pieces of the answer, how each was chosen, and after how many evaluations.

        The end is the piece ``b""``.
        """
        assert self._constraint is not None
        self._constraint.start()
        asked = len(self._prefix)
        pieces: list[bytes] = []
        chosen: list[Chosen] = []
        guessed: list[int] = []  # evaluated, and not chosen yet
        steps = 1
        while len(chosen) < self._settings.max_plan_tokens:
            if cancel.is_set() or self._stopping.is_set():
                raise PlanningCancelled
            step = self._constraint.choose(engine.logits(len(guessed)))
            chosen.append(step)
            if engine.ends(step.token):
                pieces.append(b"")
                break
            pieces.append(engine.piece(step.token))
            tokens.append(step.token)
            if guessed and guessed.pop(0) == step.token:
                continue
            guessed = self._lookup.guess(tokens[asked:]) if self._lookup is not None else []
            engine.evaluate([*tokens, *guessed], cancel, scores=1 + len(guessed))
            steps += 1
        return pieces, chosen, steps

    def _judge(
        self,
        said: str,
        context: DialogueContext,
        answer: str,
        chosen: list[Chosen],
        detail: dict[str, Any],
    ) -> Plan:
        assert self._way is not None
        raw = self._way.confidence(chosen)
        confidence = self._calibration.probability(raw)
        detail["model"] = self.model_name
        detail["raw_confidence"] = round(raw, 4)
        reason: str | None = None
        calls: tuple[Call, ...]
        try:
            verdict, calls = self._way.read(answer, said, context)
        except PlanSyntax as error:
            verdict, calls = Verdict.UNSURE, error.args[1]
            reason = f"the plan was cut off: {error.args[0]}"
        else:
            reason = self._fault(calls)
        doubt = self._way.doubt(said, calls, context) if calls and reason is None else None
        if doubt is not None:
            reason = doubt.reason
        elif calls and reason is None and confidence < self._thresholds.act:
            reason = f"the model is not sure: {confidence:.2f}"
        if reason is not None:
            hopeless = doubt is not None and doubt.hopeless
            verdict, calls = (Verdict.UNKNOWN, ()) if hopeless else (Verdict.UNSURE, calls)
            detail["reason"] = reason
        return Plan(calls, self.name, verdict, confidence, detail=detail)

    def _fault(self, calls: Sequence[Call]) -> str | None:
        """What the grammar cannot forbid, such as a rule between two arguments."""
        for call in calls:
            if references(dict(call.arguments)):
                continue  # checked when it runs, once the value is known
            try:
                self._skills[call.function].validate(call.arguments)
            except SkillError as error:
                return f"{call.function}: {error.spoken}"
        return None
