"""One turn in words and colours: everything that is known of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from textual.content import Content

from cockpit.agent.plan import Call, Plan
from cockpit.ui.panels.inspector_stages import Look, Stage, bar, ruler, stages, whole
from cockpit.ui.state import CallRecord, TurnRecord
from skills.api.results import Change, Status, VehicleResult

MUTED: Final = "$text-muted"
LABEL: Final = 16
SIGNS: Final = {
    Status.DONE: ("✓", "$success"),
    Status.MOVING: ("✓", "$success"),
    Status.ALREADY: ("=", MUTED),
    Status.PARTIAL: ("◐", "$warning"),
    Status.ASKED: ("?", "$accent"),
    Status.REFUSED: ("✗", "$error"),
    Status.REJECTED: ("✗", "$error"),
    Status.FAILED: ("✗", "$error"),
    Status.ABSENT: ("✗", "$error"),
    Status.SKIPPED: ("–", MUTED),
}
"""Sign and colour of what became of a call."""
LOOKS: Final = {
    Look.WAITING: "$border",
    Look.HEARING: "$accent",
    Look.PLANNING: "$secondary",
    Look.ACTING: "$success",
    Look.FAILED: "$error",
    Look.SPEAKING: "$primary",
}
SURE, DOUBTFUL = 0.9, 0.6
"""Probabilities of a token from which it is drawn as sure, or as doubtful."""


def described(turn: TurnRecord, width: int) -> Content:
    """A turn in full, for a column so many cells wide."""
    lines: list[Content] = []
    for title, part in (
        ("Stages", _waterfall(turn, width)),
        ("Planner", _planner(turn, width)),
        ("Model output", _output(turn)),
        ("Plan", _plan(turn)),
        ("Policies", _policies(turn)),
        ("Signals", _signals(turn)),
        ("Later", _later(turn)),
    ):
        found = list(part)
        if found:
            lines += [Content(""), Content.styled(title, "bold $primary"), *found]
    return Content("\n").join([*_head(turn), *lines])


def _head(turn: TurnRecord) -> Iterator[Content]:
    utterance = turn.utterance
    sure = f"  heard with {utterance.confidence:.0%}" if utterance.confidence < 1 else ""
    yield Content.assemble(
        (f"{turn.at:%H:%M:%S} ", MUTED),
        (f"{utterance.seat.spoken} ", "bold"),
        (f"“{utterance.text}”", "bold"),
        (sure, MUTED),
    )
    if turn.turn is None:
        yield Content.styled("… under way", "$accent")
        return
    asks = "  waits for an answer" if turn.turn.asks else ""
    yield Content.assemble(("→ ", "$success"), turn.turn.reply or "(nothing)", (asks, "$accent"))


# Stages.


def _waterfall(turn: TurnRecord, width: int) -> Iterator[Content]:
    found = stages(turn)
    if not found:
        return
    span = max(1.0, whole(found))
    longest = max(len(stage.label) for stage in found)
    labels = max(LABEL, min(longest, width // 3))
    room = max(8, width - labels - 8)
    since = "after the last word" if turn.last_word is not None else "after it was typed"
    head = f"{f'ms {since}'[: labels + 7]:<{labels + 8}}"
    yield Content.assemble((head, MUTED), (ruler(span, room), MUTED))
    for stage in found:
        yield _row(stage, span, room, labels)


def _row(stage: Stage, span: float, room: int, labels: int) -> Content:
    before, signs = bar(stage, span, room)
    label = stage.label if len(stage.label) <= labels else f"{stage.label[: labels - 1]}…"
    took = "…" if stage.length is None else _ms(stage.length)
    return Content.assemble(
        (f"{label:<{labels}}", "$foreground"),
        (f"{took:>6}  ", "bold"),
        before,
        (signs, LOOKS[stage.look]),
    )


def _ms(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


# Planner.


def _planner(turn: TurnRecord, width: int) -> Iterator[Content]:
    plan = turn.plan
    if plan is None:
        if turn.turn is not None:
            who = {"dialogue": "an answer in the dialogue; nobody had to plan"}
            yield Content(who.get(turn.turn.planner, "nobody had a plan"))
        return
    answered = turn.turn is not None and turn.turn.planner == "dialogue"
    name = {"template": "templates", "lm": "language model"}.get(plan.planner, plan.planner)
    model = plan.detail.get("model")
    yield Content.assemble(
        (name, "bold"),
        (f" {model}" if model else "", MUTED),
        (f"  {plan.verdict.value}", _verdict(plan)),
        (f"  sure {plan.confidence:.0%}", MUTED),
        ("  accepted in the dialogue" if answered else "", MUTED),
    )
    yield from _why(plan)
    yield from _clauses(plan.detail, width)
    for part in _items(plan.detail.get("parts")):
        if part.get("when"):
            yield Content.assemble(("  if ", MUTED), str(part["when"]))
        yield from _clauses(part, width)


def _verdict(plan: Plan) -> str:
    return {"act": "$success", "unsure": "$warning"}.get(plan.verdict.value, MUTED)


def _why(plan: Plan) -> Iterator[Content]:
    notes = plan.detail.get("arbitration")
    if isinstance(notes, Mapping):
        yield Content.assemble(("because ", MUTED), str(notes.get("why", "")))
        for other in ("template", "lm"):
            found = notes.get(other)
            if isinstance(found, Mapping):
                wanted = ", ".join(map(str, found.get("functions", ()))) or "nothing"
                name = "templates" if other == "template" else "language model"
                yield Content.assemble(
                    (f"  {name} said ", MUTED),
                    f"{found.get('verdict')} {wanted}",
                    (f"  sure {float(found.get('confidence', 0)):.0%}", MUTED),
                )
    if reason := plan.detail.get("reason"):
        yield Content.assemble(("doubt: ", "$warning"), str(reason))
    if how := plan.detail.get("how"):
        yield Content.assemble(("understood as ", MUTED), str(how))


def _clauses(detail: Mapping[str, Any], width: int) -> Iterator[Content]:
    for clause in _items(detail.get("clauses")):
        yield Content.assemble(
            (f"  {clause.get('role', '')} ", MUTED),
            f"“{clause.get('text', '')}”",
            (f"  cost {clause.get('cost', '')}", MUTED),
        )
        template = str(clause.get("template", ""))
        if len(template) > width - 4:
            template = f"{template[: max(1, width - 5)]}…"
        yield Content.styled(f"    {template}", MUTED)


def _items(found: object) -> Sequence[Mapping[str, Any]]:
    if not isinstance(found, Sequence) or isinstance(found, str):
        return ()
    return [one for one in found if isinstance(one, Mapping)]


# What the model wrote.


def _output(turn: TurnRecord) -> Iterator[Content]:
    detail = turn.plan.detail if turn.plan is not None else {}
    sources = [("", detail)]
    if isinstance(first := detail.get("first"), Mapping):  # two models: what the quick one wrote
        sources.append((str(first.get("model", "first model")), first))
    notes = detail.get("arbitration")
    if isinstance(notes, Mapping) and isinstance(overruled := notes.get("lm"), Mapping):
        sources.append(("overruled", overruled))
    for name, source in sources:
        tokens = source.get("tokens")
        if not isinstance(tokens, Sequence) or not tokens:
            continue
        if name:
            yield Content.styled(f"{name}:", MUTED)
        yield _tokens(tokens)
        doubtful = [(text, chance) for text, chance in tokens if chance < SURE]
        if doubtful:
            rest = ", ".join(f"{_shown(text)} {chance:.2f}" for text, chance in doubtful[:12])
            yield Content.assemble(("less sure: ", MUTED), rest)
        if "output_ms" in source:
            yield Content.styled(
                f"read {source.get('prompt_tokens')} tokens in {source.get('prompt_ms')} ms, wrote "
                f"{source.get('output_tokens')} in {source.get('output_ms')} ms",
                MUTED,
            )


def _tokens(tokens: Iterable[Sequence[Any]]) -> Content:
    """The text, each token in the colour of its probability."""
    parts = []
    for text, chance in tokens:
        colour = "$success" if chance >= SURE else "$warning" if chance >= DOUBTFUL else "$error"
        style = colour if chance >= SURE else f"bold underline {colour}"
        parts.append((str(text).replace("\n", "⏎\n") or "∎", style))
    return Content.assemble(*parts)


def _shown(text: object) -> str:
    return "end" if text == "" else json.dumps(str(text), ensure_ascii=False)


# Plan, policies, results.


def _plan(turn: TurnRecord) -> Iterator[Content]:
    planned = list(turn.plan.calls) if turn.plan is not None else []
    shown: list[Call] = []
    for entry in turn.calls:
        shown.append(entry.call)
        yield from _call(len(shown), entry)
    for call in planned:
        if not any(call.function == one.function for one in shown):
            yield Content.assemble(("  not run  ", MUTED), _written(call))
    if turn.plan is not None and turn.plan.reply:
        yield Content.assemble(("says ", MUTED), turn.plan.reply)


def _call(number: int, entry: CallRecord) -> Iterator[Content]:
    outcome = entry.outcome
    sign, colour = SIGNS[outcome.status] if outcome is not None else ("…", "$accent")
    took = f"  {_ms(entry.milliseconds)} ms" if entry.milliseconds is not None else ""
    status = outcome.status.value if outcome is not None else "runs"
    yield Content.assemble(
        (f"{sign} ", colour),
        (f"{number} ", MUTED),
        _written(entry.call),
        (f"  {status}", colour),
        (took, MUTED),
    )
    if outcome is not None and outcome.reason:
        yield Content.assemble("    ", (outcome.reason, "$warning"))
    if outcome is not None and outcome.unmet is not None:
        yield Content.styled(f"    not so: {outcome.unmet}", MUTED)
    for change in _changes(entry):
        if change.because is None:
            yield _change(change)


def _written(call: Call) -> Content:
    arguments = ", ".join(
        f"{name}={json.dumps(value, ensure_ascii=False, default=str)}"
        for name, value in call.arguments.items()
    )
    when = f"  if {call.when}" if call.when is not None else ""
    return Content.assemble((call.function, "bold"), f"({arguments})", (when, "$secondary"))


def _changes(entry: CallRecord) -> tuple[Change, ...]:
    result = entry.outcome.result if entry.outcome is not None else None
    return result.changes if isinstance(result, VehicleResult) else ()


def _change(change: Change) -> Content:
    sign, colour = SIGNS[change.status]
    return Content.assemble(
        "    ",
        (f"{sign} ", colour),
        _path(change.path),
        (f"  {change.before} → {change.value}", "$foreground"),
        (f"  {change.reason}" if change.reason else "", "$warning"),
    )


def _path(path: str) -> Content:
    """A path with its last part readable."""
    head, _, tail = path.removeprefix("Vehicle.").rpartition(".")
    return Content.assemble((f"{head}." if head else "", MUTED), tail)


def _policies(turn: TurnRecord) -> Iterator[Content]:
    for entry in turn.calls:
        for change in _changes(entry):
            if change.because is not None:
                yield Content.assemble(
                    ("+ ", "$secondary"),
                    _path(change.path),
                    (f"  {change.before} → {change.value}", "$foreground"),
                    (f"  {change.because}", MUTED),
                )
        outcome = entry.outcome
        if outcome is not None and outcome.status is Status.REFUSED:
            yield Content.assemble(("refused ", "$error"), outcome.reason or "")
        if outcome is not None and outcome.status is Status.ASKED:
            yield Content.assemble(("asked first ", "$accent"), outcome.reason or "")


def _signals(turn: TurnRecord) -> Iterator[Content]:
    if turn.turn is not None:
        for path, value in turn.turn.signals.items():
            yield Content.assemble(_path(path), (f"  {value}", "bold"))


def _later(turn: TurnRecord) -> Iterator[Content]:
    for failure in turn.failures:
        yield Content.styled(failure.reason, "$error")
    spoken = turn.reply
    if spoken is not None and spoken.cut_off:
        yield Content.assemble(("cut off after ", "$warning"), spoken.heard or "nothing")
    if spoken is not None and spoken.fault:
        yield Content.styled(spoken.fault, "$error")
