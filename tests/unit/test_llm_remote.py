"""What a session makes of the supervision of its language model's process, without a model."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.agent.llm import remote
from cockpit.agent.llm.errors import ModelError, ModelStarting, ModelStopped, PlanLost
from cockpit.agent.llm.model import ModelFile
from cockpit.agent.llm.remote import REFUSED, RemotePlanner
from cockpit.agent.llm.wire import read_plan, read_request, write_plan, write_request
from cockpit.agent.plan import Call, Condition, DialogueContext, Plan, Utterance, Verdict
from cockpit.settings import AgentSettings
from cockpit.workers.process import Rules
from skills.api.arguments import Area
from tests.fakes.thinker import STARTUP, VOLUME
from vehicle_bus.seats import Seat

# Beside the script lies a module "skills", which is not ours.
COMMAND = [sys.executable, "-P", str(Path(__file__).parents[1] / "fakes" / "thinker.py")]
CONTEXT = DialogueContext()
MODEL = ModelFile("toy", Path("/nonexistent/toy.gguf"))


# --- what goes through the pipe ---------------------------------------------------------------

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
conditions = st.builds(
    Condition,
    st.text(),
    area=st.none() | st.sampled_from(Area),
    operator=st.none() | st.sampled_from(["<", "="]),
    value=st.none() | st.floats(allow_nan=False),
    negated=st.booleans(),
)
calls = st.builds(
    Call, st.text(), st.dictionaries(st.text(), values, max_size=3), st.none() | conditions
)
several_calls = st.lists(calls, max_size=3).map(tuple)


def sent(body: Any) -> Any:
    return json.loads(json.dumps(body))


@given(
    st.builds(
        Plan,
        several_calls,
        st.just("lm"),
        verdict=st.sampled_from(Verdict),
        confidence=st.floats(0, 1),
        reply=st.none() | st.text(),
        detail=st.dictionaries(st.text(), values, max_size=3),
    )
)
def test_plan_survives_the_pipe(plan: Plan) -> None:
    assert read_plan(sent(write_plan(plan))) == plan


@given(
    st.builds(Utterance, st.text(), st.sampled_from(Seat), st.floats(0, 1)),
    st.builds(DialogueContext, several_calls, st.none() | st.text()),
)
def test_request_survives_the_pipe(utterance: Utterance, context: DialogueContext) -> None:
    assert read_request(sent(write_request(utterance, context))) == (utterance, context)


# --- the process ------------------------------------------------------------------------------


class States:
    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, state: str, detail: Mapping[str, Any]) -> None:
        self.seen.append(state)


@pytest.fixture
def states() -> States:
    return States()


type MakePlanner = Callable[..., RemotePlanner]


@pytest.fixture
async def planner(states: States) -> AsyncIterator[MakePlanner]:
    made: list[RemotePlanner] = []

    def make(*models: ModelFile, **settings: Any) -> RemotePlanner:
        made.append(
            RemotePlanner(
                models or (MODEL,),
                AgentSettings(**settings),
                on_state=states,
                command=COMMAND,
                rules=Rules(backoff=(0.0,)),
            )
        )
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def plan(model: RemotePlanner, text: str = "anything") -> Plan | None:
    return await model.plan(Utterance(text), CONTEXT)


async def test_remote_planner_plans_in_a_process(planner: MakePlanner) -> None:
    model = planner(max_plan_tokens=99)
    assert not model.ready
    startup = await model.start()
    assert (startup.load_ms, startup.from_cache) == (STARTUP["load_ms"], STARTUP["from_cache"])
    assert model.ready
    made = await model.plan(Utterance("do it"), DialogueContext((Call("test.read"),)))
    assert made is not None
    assert made.calls == (Call("test.write", {"path": VOLUME, "number": 50}),)
    assert (made.planner, made.confidence) == ("lm", 0.95)
    # What nobody set must stay so there, too.
    assert made.detail["settings"] == {"max_plan_tokens": 99}
    assert made.detail["last"] == ["test.read"]
    assert await plan(model, "nothing") is None


async def test_remote_planner_waits_for_both_models(planner: MakePlanner) -> None:
    model = planner(MODEL, MODEL)
    await model.start()
    before = await plan(model)
    await model.both()
    after = await plan(model)
    assert before is not None
    assert after is not None
    assert (before.detail["both"], after.detail["both"]) == (False, True)


@pytest.mark.parametrize("how", ["crash", "hang", "spin"])
async def test_remote_planner_that_breaks_loses_one_plan_and_starts_again(
    planner: MakePlanner, states: States, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = planner()
    await model.start()
    if how != "crash":
        monkeypatch.setattr(remote, "HANG", 0.5)
    with pytest.raises(PlanLost) as lost:
        await plan(model, f"please {how}")
    monkeypatch.undo()
    assert lost.value.spoken == "Sorry, I lost my train of thought. Please say it again."
    assert not model.ready
    with pytest.raises(ModelStarting):
        await model.start(patience=0.0)
    assert await plan(model) is not None
    assert states.seen == ["started", "crashed" if how == "crash" else "hung", "started"]


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGSTOP])
async def test_remote_planner_killed_or_stopped_plans_the_next_sentence(
    planner: MakePlanner, sent: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = planner()
    await model.start()
    assert model.pid
    os.kill(model.pid, sent)
    monkeypatch.setattr(remote, "HANG", 0.5)
    with pytest.raises(PlanLost):
        await plan(model)
    monkeypatch.undo()
    assert await plan(model) is not None


async def test_remote_planner_that_refuses_goes_on(planner: MakePlanner) -> None:
    model = planner()
    await model.start()
    pid = model.pid
    with pytest.raises(PlanLost) as refused:
        await plan(model, "refuse")
    assert refused.value.spoken == REFUSED
    with pytest.raises(PlanLost, match="I will not plan that"):
        await plan(model, "object")
    assert await plan(model) is not None
    assert model.pid == pid


async def test_remote_planner_cancelled_plans_the_next_sentence(
    planner: MakePlanner, states: States
) -> None:
    model = planner()
    await model.start()
    task = asyncio.create_task(plan(model))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await plan(model) is not None
    assert states.seen == ["started"]


async def test_remote_planner_without_a_model_says_what_is_missing(planner: MakePlanner) -> None:
    model = planner(ModelFile("broken", MODEL.path))
    with pytest.raises(ModelError, match="is broken") as missing:
        await model.start()
    assert not isinstance(missing.value, ModelStopped)


async def test_remote_planner_that_dies_while_loading_is_tried_again(
    planner: MakePlanner, tmp_path: Path
) -> None:
    file = tmp_path / "toy.gguf"
    file.touch()
    model = planner(ModelFile("toy", file))
    with pytest.raises(ModelStopped, match="exit status 4"):
        await model.start()
    file.unlink()
    assert await plan(model) is not None
