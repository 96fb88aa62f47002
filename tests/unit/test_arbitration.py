"""Who decides: templates, the language model, or a question."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest

from cockpit.agent.arbitration import Arbiter, wants_to_know
from cockpit.agent.executor import Executor
from cockpit.agent.familiar import strange_calls
from cockpit.agent.fastpath.clauses import Role
from cockpit.agent.plan import Call, DialogueContext, Plan, Utterance, Verdict
from cockpit.agent.resources import SessionResources
from cockpit.settings import AgentSettings, PlannerChoice
from skills.api import Environment, SkillSet
from skills.navigation.places import Places
from skills.shopping.store import ShoppingList
from tests.fakes.planner import FakePlanner
from vehicle_bus.errors import CockpitError

NO_IDEA = "my account is blocked and I have no idea why"
SWALLOWED = Call("shopping.add", {"items": "idea why"})
HEATING = Call("seats.set_heating", {"level": 2, "where": "mine"})
BATTERY = Call("status.battery", {})


class Map:
    """A map with one place on it."""

    def __init__(self) -> None:
        self.searched: list[str] = []

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Map]:
        yield self

    async def search(self, text: str, *_: object) -> list[Any]:
        self.searched.append(text)
        found = type("Found", (), {"score": 99.0 if text == "kamppi" else 60.0})
        return [found()]


@dataclass
class Resources:
    """The skills' own data, and a map that needs no file."""

    own: SessionResources
    map: Map = field(default_factory=Map)

    async def get(self, kind: Any) -> Any:
        return self.map if kind is Places else await self.own.get(kind)


class Clock:
    def now(self) -> datetime:
        return datetime(2026, 6, 1, 8, 30)


@pytest.fixture
async def resources(tmp_path: Path) -> AsyncIterator[Resources]:
    async with SessionResources.open(Environment(tmp_path, None, Clock())) as own:
        yield Resources(own)


@dataclass
class Table:
    """Two planners and who settles between them."""

    resources: Resources
    settings: AgentSettings = field(default_factory=AgentSettings)
    template: FakePlanner = field(default_factory=FakePlanner)
    lm: FakePlanner = field(default_factory=lambda: FakePlanner(name="lm"))

    async def settle(
        self,
        text: str,
        template: Plan | None = None,
        lm: Plan | None = None,
        choice: PlannerChoice = PlannerChoice.AUTO,
    ) -> Plan | None:
        for planner, plan in ((self.template, template), (self.lm, lm)):
            planner.plans.clear()
            if plan is not None:
                planner.plans[text] = plan
        skills = SkillSet.installed()
        executor = Executor(
            skills, cast(Any, None), resources=cast(Any, self.resources),
            environment=cast(Any, None), dialogue=cast(Any, None), events=cast(Any, None),
        )  # fmt: skip
        settings = self.settings.model_copy(update={"planner": choice})
        arbiter = Arbiter({"template": self.template, "lm": self.lm}, executor, settings)
        return await arbiter.plan(Utterance(text), DialogueContext((HEATING,)), DialogueContext())


@pytest.fixture
def table(resources: Resources) -> Table:
    return Table(resources)


def by_template(*calls: Call, **more: Any) -> Plan:
    clause = {"role": Role.COMMAND, "text": "word for word", "cost": 1.0}
    return Plan(calls, "template", **{"detail": {"clauses": [clause]}, **more})


def by_model(*calls: Call, **more: Any) -> Plan:
    return Plan(calls, "lm", **{"confidence": 0.9, **more})


def decided(plan: Plan | None) -> tuple[str, str]:
    assert plan is not None
    notes = plan.detail["arbitration"]
    return notes["decided"], notes["why"]


# --- ordinary turns ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("warm my seat", HEATING),
        ("we need milk and red apples", Call("shopping.add", {"items": "milk and red apples"})),
        ("add flux capacitors to my shopping list", Call("shopping.add", {"items": "flux"})),
        ("find a bakery", Call("navigation.search", {"query": "a bakery"})),
        ("find kamppi", Call("navigation.search", {"query": "kamppi"})),
        ("take me to nowhereville", Call("navigation.go_to", {"place": "nowhereville"})),
        ("I'm off home", Call("navigation.go_to", {"place": "home"})),
    ],
)
async def test_ordinary_template_plan_costs_no_time_of_the_model(
    table: Table, text: str, call: Call
) -> None:
    plan = await table.settle(text, by_template(call), by_model(verdict=Verdict.NOTHING))
    assert plan is not None
    assert (plan.calls, table.lm.heard) == ((call,), [])
    assert decided(plan) == ("template", "the templates explain it")


@pytest.mark.parametrize("verdict", [Verdict.NOTHING, Verdict.UNKNOWN])
async def test_templates_that_find_no_command_are_believed(table: Table, verdict: Verdict) -> None:
    plan = await table.settle("thanks", by_template(verdict=verdict), by_model(HEATING))
    assert plan is not None
    assert (plan.verdict, table.lm.heard) == (verdict, [])


async def test_model_plans_what_templates_do_not_know(table: Table) -> None:
    plan = await table.settle("my bottom is cold", None, by_model(HEATING))
    assert decided(plan) == ("lm", "the templates know nothing like it")
    assert table.template.contexts == [DialogueContext((HEATING,))]
    assert table.lm.contexts == [DialogueContext()]


@pytest.mark.parametrize(
    ("confidence", "verdict"), [(0.7, Verdict.ACT), (0.5, Verdict.UNSURE), (0.1, Verdict.UNSURE)]
)
async def test_model_acts_only_where_it_is_sure(
    table: Table, confidence: float, verdict: Verdict
) -> None:
    plan = await table.settle("cold", None, by_model(HEATING, confidence=confidence))
    assert plan is not None
    assert plan.verdict is verdict


@pytest.mark.parametrize("verdict", [Verdict.NOTHING, Verdict.UNKNOWN])
async def test_model_that_is_not_sure_that_nothing_is_wanted_has_not_understood(
    table: Table, verdict: Verdict
) -> None:
    plan = await table.settle("cold", None, by_model(verdict=verdict, confidence=0.5))
    assert plan is not None
    assert plan.verdict is Verdict.UNSURE


async def test_unsure_templates_are_replaced_by_a_sure_model_only(table: Table) -> None:
    unsure = by_template(BATTERY, verdict=Verdict.UNSURE, confidence=0.5)
    plan = await table.settle("cold", unsure, by_model(HEATING))
    assert decided(plan) == ("lm", "the templates are not sure")
    plan = await table.settle("cold", unsure, by_model(HEATING, confidence=0.5))
    assert decided(plan) == ("template", "nobody is sure")
    assert plan is not None
    assert plan.detail["arbitration"]["lm"]["functions"] == ["seats.set_heating"]


async def test_nobody_knows_anything(table: Table) -> None:
    assert await table.settle("mumble") is None


async def test_question_is_never_acted_on_by_the_model(table: Table) -> None:
    for text, verdict in {
        "why is my seat so warm": Verdict.UNSURE,
        "is my seat heated?": Verdict.UNSURE,
        "could I get a warm seat": Verdict.ACT,
    }.items():
        plan = await table.settle(text, None, by_model(HEATING))
        assert plan is not None
        assert plan.verdict is verdict
    offer = Call("navigation.search", {"query": "bakery"})
    for call in (BATTERY, offer):
        plan = await table.settle("where is a bakery?", None, by_model(call))
        assert plan is not None
        assert plan.verdict is Verdict.ACT


async def test_question_beside_a_command_is_answered_and_the_command_done(table: Table) -> None:
    text = "how is the battery and warm my seat"
    for confidence, verdict in ((0.9, Verdict.ACT), (0.8, Verdict.UNSURE)):
        plan = await table.settle(text, None, by_model(BATTERY, HEATING, confidence=confidence))
        assert plan is not None
        assert plan.verdict is verdict


# --- second opinions ---------------------------------------------------------------------


async def test_second_opinion_agrees(table: Table) -> None:
    other = Call("shopping.add", {"items": ["why"]})
    plan = await table.settle(NO_IDEA, by_template(SWALLOWED), by_model(other))
    assert plan is not None
    assert plan.calls == (SWALLOWED,)
    assert decided(plan) == ("template", "both plan the same functions")


async def test_second_opinion_that_names_what_is_known_is_better(table: Table) -> None:
    text = "um how far is it to like kamppi you know"
    swallowed = Call("navigation.travel_to", {"place": "like kamppi you know"})
    named = Call("navigation.travel_to", {"place": "kamppi"})
    plan = await table.settle(text, by_template(swallowed), by_model(named))
    assert plan is not None
    assert plan.calls == (named,)
    plan = await table.settle(text, by_template(swallowed), by_model(named, confidence=0.4))
    assert decided(plan) == ("template", "both plan the same functions")


async def test_second_opinion_whose_names_hold_nothing_else_is_better(table: Table) -> None:
    text = "stop at gizmo on the way then at widget"
    swallowed = Call("navigation.add_stop", {"place": "gizmo on the way then at widget"})
    named = (
        Call("navigation.add_stop", {"place": "gizmo"}),
        Call("navigation.add_stop", {"place": "widget"}),
    )
    plan = await table.settle(text, by_template(swallowed), by_model(*named))
    assert plan is not None
    assert plan.calls == named
    plan = await table.settle(text, by_template(swallowed), by_model(swallowed))
    assert decided(plan) == ("template", "both plan the same functions")


async def test_second_opinion_finds_the_command_that_free_text_swallowed(table: Table) -> None:
    text = "put cod on the list and we will stop at kamppi"
    swallowed = Call("shopping.add", {"items": "cod and we will stop at kamppi"})
    both = (
        Call("shopping.add", {"items": ["cod"]}),
        Call("navigation.add_stop", {"place": "kamppi"}),
    )
    plan = await table.settle(text, by_template(swallowed), by_model(*both))
    assert plan is not None
    assert plan.calls == both


@pytest.mark.parametrize("verdict", [Verdict.NOTHING, Verdict.UNKNOWN])
async def test_second_opinion_that_it_is_no_command_counts_where_it_is_sure(
    table: Table, verdict: Verdict
) -> None:
    plan = await table.settle(NO_IDEA, by_template(SWALLOWED), by_model(verdict=verdict))
    assert plan is not None
    assert (plan.verdict, plan.calls) == (verdict, ())
    assert decided(plan) == ("lm", "the model finds no command in it")
    assert plan.detail["arbitration"]["template"]["functions"] == ["shopping.add"]
    plan = await table.settle(
        NO_IDEA, by_template(SWALLOWED), by_model(verdict=verdict, confidence=0.4)
    )
    assert decided(plan) == ("template", "the model is not sure")
    assert plan is not None
    assert plan.verdict is Verdict.UNSURE


async def test_second_opinion_in_doubt_lets_an_offer_be_made(table: Table) -> None:
    offer = Call("navigation.search", {"query": "my cellphone"})
    plan = await table.settle(
        "where is my cellphone", by_template(offer), by_model(HEATING, confidence=0.4)
    )
    assert plan is not None
    assert (plan.calls, plan.verdict) == ((offer,), Verdict.ACT)


@pytest.mark.parametrize(
    ("confidence", "who", "verdict"),
    [
        (0.95, "lm", Verdict.ACT),
        (0.60, "lm", Verdict.UNSURE),
        (0.45, "template", Verdict.UNSURE),
        (0.32, "template", Verdict.ACT),
    ],
)
async def test_second_opinion_for_another_function_is_weighed(
    table: Table, confidence: float, who: str, verdict: Verdict
) -> None:
    table.settings = AgentSettings(confidence_to_act=0.3)
    plan = await table.settle(
        NO_IDEA, by_template(SWALLOWED), by_model(HEATING, confidence=confidence)
    )
    assert plan is not None
    assert (plan.planner, plan.verdict) == (who, verdict)


async def test_second_opinion_on_answers_that_disregard_what_was_said(table: Table) -> None:
    def aside(text: str) -> dict[str, Any]:
        command = {"role": Role.COMMAND, "text": "how much battery is left", "cost": 1.0}
        return {"clauses": [{"role": Role.ASIDE, "text": text, "cost": 1.0}, command]}

    text = "I lost my card, how much battery is left"
    partial = by_template(BATTERY, detail=aside("i lost my card"))
    plan = await table.settle(text, partial, by_model(verdict=Verdict.UNKNOWN))
    assert decided(plan) == ("lm", "the model finds no command in it")
    short = by_template(BATTERY, detail=aside("oh my"))
    plan = await table.settle("oh my, how much is left", short, None)
    assert decided(plan) == ("template", "the templates explain it")
    acting = by_template(HEATING, detail=aside("i came in from the rain"))
    for other in (by_model(verdict=Verdict.NOTHING), by_model(verdict=Verdict.UNSURE)):
        plan = await table.settle("I came in from the rain, heat my seat", acting, other)
        assert plan is not None
        assert (plan.calls, plan.verdict) == ((HEATING,), Verdict.ACT)
    both = by_model(HEATING, BATTERY)
    plan = await table.settle("I came in from the rain, heat my seat", acting, both)
    assert decided(plan) == ("lm", "the model is surer")


def roundabout(cost: float) -> dict[str, Any]:
    return {"clauses": [{"role": Role.COMMAND, "text": "far from it", "cost": cost}]}


SURE: dict[str, Any] = {"confidence": 0.9, "detail": {"raw_confidence": 0.95}}


@pytest.mark.parametrize(
    ("cost", "model", "planner"),
    [
        (1.5, by_model(HEATING, **SURE), "lm"),
        (1.2, by_model(HEATING, **SURE), "template"),  # nobody asks
        (1.5, by_model(HEATING, **{**SURE, "confidence": 0.5}), "template"),
        (1.5, by_model(verdict=Verdict.NOTHING, **SURE), "lm"),
        (1.5, by_model(verdict=Verdict.NOTHING), "template"),  # not calibrated
    ],
)
async def test_sure_model_is_better_than_a_roundabout_template(
    cost: float, model: Plan, planner: str, table: Table
) -> None:
    first = by_template(Call("lights.set_hazards", {"on": True}), detail=roundabout(cost))
    plan = await table.settle("some words", first, model)
    assert plan is not None
    assert plan.planner == planner


async def test_sure_model_plans_what_templates_think_beyond_the_car(table: Table) -> None:
    beyond = by_template(verdict=Verdict.UNKNOWN, detail=roundabout(2.7))
    plan = await table.settle("heat it up for us", beyond, by_model(HEATING, **SURE))
    assert decided(plan) == ("lm", "the model is sure")
    plan = await table.settle("heat it up for us", beyond, by_model(HEATING))
    assert decided(plan) == ("template", "the model is not sure")
    left = by_template(verdict=Verdict.NOTHING, detail=roundabout(2.7))
    plan = await table.settle("don't open it", left, by_model(HEATING, **SURE))
    assert decided(plan) == ("template", "the templates explain it")


async def test_second_opinion_of_a_broken_or_missing_model_changes_nothing(table: Table) -> None:
    table.lm.error = CockpitError("It is broken.")
    plan = await table.settle(NO_IDEA, by_template(SWALLOWED))
    assert decided(plan) == ("template", "there is no second opinion")
    table.lm.error = None
    plan = await table.settle(NO_IDEA, by_template(SWALLOWED), choice=PlannerChoice.TEMPLATE)
    assert decided(plan) == ("template", "the templates explain it")


async def test_second_opinion_is_not_waited_for_while_the_model_loads(table: Table) -> None:
    table.lm.ready = False  # type: ignore[attr-defined]
    plan = await table.settle(NO_IDEA, by_template(SWALLOWED), by_model(verdict=Verdict.NOTHING))
    assert decided(plan) == ("template", "the templates explain it")
    assert table.lm.heard == []


# --- what is familiar --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "arguments", "strange"),
    [
        ("shopping.add", {"items": "idea why"}, True),
        ("shopping.add", {"items": ["two loaves of bread", "oat milk"]}, False),
        ("shopping.add", {"items": ["milk", "an oil change"]}, True),
        ("shopping.add", {"items": "6 tomatoes"}, False),
        ("shopping.remove", {"items": "light bulbs"}, False),  # they are on the list
        ("shopping.ingredients", {"dish": "pancakes"}, False),
        ("shopping.ingredients", {"dish": "changes to my insurance policy"}, True),
        ("navigation.search", {"query": "my cellphone"}, True),
        ("navigation.search", {"query": "the nearest supermarket"}, False),
        ("navigation.search", {"query": "cash", "near": "my credit card points"}, True),
        ("navigation.search", {"query": "parking near kamppi"}, False),
        ("navigation.travel_to", {"place": "kamppi"}, False),
        ("navigation.travel_to", {"place": "my office"}, False),
        ("navigation.travel_to", {"place": "$1.place"}, False),
        ("lights.set_ambient_color", {"color": "mauve"}, False),
    ],
)
async def test_strange_calls_are_those_with_a_text_that_nobody_knows(
    function: str, arguments: dict[str, Any], strange: bool, resources: Resources
) -> None:
    (await resources.get(ShoppingList)).replace(["light bulbs"])
    call = Call(function, arguments)
    found = await strange_calls([HEATING, call], "some words", cast(Any, resources))
    assert found == ((call,) if strange else ())


async def test_few_words_are_not_strange_in_a_sentence_that_says_what_it_is_about(
    resources: Resources,
) -> None:
    for text in ("put gizmos on the list", "what are the ingredients of gizmos"):
        assert not await strange_calls([SWALLOWED], text, cast(Any, resources))
    many = Call("shopping.add", {"items": "gizmos and then we go there"})
    assert await strange_calls([many], "put gizmos on the list and so on", cast(Any, resources))
    call = Call("navigation.go_to", {"place": "gizmo"})
    assert not await strange_calls([call], "drive us to gizmo", cast(Any, resources))
    assert resources.map.searched == []
    two = Call("navigation.go_to", {"place": "gizmo then widget"})
    assert await strange_calls([two], "drive us to gizmo then widget", cast(Any, resources))


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("why is it so warm", True),
        ("is the window open", True),
        ("the window?", True),
        ("can I open the window while driving", True),
        ("can we get there before nine", True),
        ("when will we arrive", True),
        ("have the windows been closed", True),
        ("have you closed the window", True),
        ("close the window", False),
        ("have the window half open", False),
        ("could we get it down to nineteen", False),
        ("can we have it less hot", False),
        ("could somebody shut that window", False),
        ("may I have the reading light on please", False),
        ("would it be possible to have the defroster on", False),
        ("how about some warmth on my feet", False),
        ("why don't you open the window", False),
        ("Good morning, I hope you slept. Would you set my side to 21?", False),
        ("when you have a second, turn my seat heating off", False),
    ],
)
def test_wants_to_know_tells_questions_from_polite_wishes(text: str, question: bool) -> None:
    assert wants_to_know(text) is question
