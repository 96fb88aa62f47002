"""Requests and plans as JSON, between a session and the process of its language model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cockpit.agent.plan import Call, Condition, DialogueContext, Plan, Utterance, Verdict
from skills.api.arguments import Area
from vehicle_bus.seats import Seat


def write_request(utterance: Utterance, context: DialogueContext) -> dict[str, Any]:
    """What a planner is asked."""
    return {
        "text": utterance.text,
        "seat": utterance.seat.value,
        "confidence": utterance.confidence,
        "last_calls": [_write_call(call) for call in context.last_calls],
        "asked": context.asked,
    }


def read_request(body: Mapping[str, Any]) -> tuple[Utterance, DialogueContext]:
    """The reverse."""
    calls = tuple(_read_call(call) for call in body["last_calls"])
    return (
        Utterance(body["text"], Seat(body["seat"]), body["confidence"]),
        DialogueContext(calls, body["asked"]),
    )


def write_plan(plan: Plan) -> dict[str, Any]:
    """What it answers; ``detail`` has to be JSON."""
    return {
        "calls": [_write_call(call) for call in plan.calls],
        "planner": plan.planner,
        "verdict": plan.verdict.value,
        "confidence": plan.confidence,
        "reply": plan.reply,
        "detail": dict(plan.detail),
    }


def read_plan(body: Mapping[str, Any]) -> Plan:
    """The reverse. Tuples in ``detail`` are lists now."""
    return Plan(
        calls=tuple(_read_call(call) for call in body["calls"]),
        planner=body["planner"],
        verdict=Verdict(body["verdict"]),
        confidence=body["confidence"],
        reply=body["reply"],
        detail=body["detail"],
    )


def _write_call(call: Call) -> dict[str, Any]:
    when = call.when
    return {
        "function": call.function,
        "arguments": dict(call.arguments),
        "when": None if when is None else _write_condition(when),
    }


def _read_call(body: Mapping[str, Any]) -> Call:
    when = body["when"]
    return Call(
        body["function"], body["arguments"], None if when is None else _read_condition(when)
    )


def _write_condition(condition: Condition) -> dict[str, Any]:
    return {
        "quantity": condition.quantity,
        "area": condition.area.value if condition.area is not None else None,
        "operator": condition.operator,
        "value": condition.value,
        "negated": condition.negated,
    }


def _read_condition(body: Mapping[str, Any]) -> Condition:
    area = body["area"]
    return Condition(**{**body, "area": None if area is None else Area(area)})
