"""How well a planner reads single sentences: exact plans, by kind and function, with latency.

``python -m cockpit.evaluation.planning MODEL out/training/test.jsonl --out answers.jsonl`` asks a
language model alone, with ``--auto`` all planners as the agent does; the rows are those of
``python -m models.training.generate``. Nothing is executed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from cockpit.agent.llm.notation import Notation
from cockpit.agent.plan import Call, DialogueContext, Plan, Planner, Utterance, Verdict
from cockpit.evaluation.measurement import summarize
from cockpit.evaluation.models import open_planner, with_model
from cockpit.evaluation.stand import bench_session
from cockpit.settings import PlannerChoice, load_settings
from skills.api import SkillSet
from skills.colors import color_value
from skills.shopping.amounts import split_items
from vehicle_bus.errors import CockpitError

_NOTHING_TO_DO = ("none", "unknown")


@dataclass(frozen=True, slots=True)
class Row:
    """A sentence and the plan it asks for.

    Attributes:
        prompt: context lines, then the sentence, as the trained model reads them.
        plan: in the compact notation.
        kind: one, several, followup, correction, condition, none, unknown.
    """

    prompt: str
    plan: str
    kind: str

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions that the plan calls, or its single word."""
        named = [part.split(": ")[-1].split(" ")[0] for part in self.plan.split("; ")]
        return tuple(dict.fromkeys(named))

    def utterance(self, notation: Notation) -> tuple[Utterance, DialogueContext]:
        """The row as a planner is asked it."""
        *context, said = self.prompt.split("\n")
        last: tuple[Call, ...] = ()
        asked: str | None = None
        for line in context:
            head, _, rest = line.partition(" ")
            if head == "last":
                last = notation.parse(rest)[1]
            elif head == "asked":
                asked = rest
        return Utterance(said), DialogueContext(last, asked)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a planner made of a row.

    Attributes:
        written: its calls, in the notation, whether sure of them or not.
        right: exactly the row's plan.
        verdict: what it would do with the plan.
        confidence: the planner's own, 0 to 1.
        ms: wall time.
    """

    prompt: str
    plan: str
    kind: str
    written: str
    right: bool
    verdict: str
    confidence: float
    ms: float
    reason: str | None = None
    raw: float = 1.0

    @property
    def acts(self) -> bool:
        """Something would be run without asking."""
        return self.verdict == Verdict.ACT.value and self.written not in _NOTHING_TO_DO


def read_rows(path: Path) -> list[Row]:
    """Rows of a file of the generator."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        rows.append(Row(entry["prompt"], entry["plan"], entry.get("kind", "one")))
    return rows


async def ask(planner: Planner, rows: Iterable[Row], notation: Notation) -> list[Answer]:
    """The planner's answers, one row after the other."""
    answers = []
    for row in rows:
        utterance, context = row.utterance(notation)
        began = time.perf_counter()
        plan = await planner.plan(utterance, context)
        ms = (time.perf_counter() - began) * 1000
        answers.append(_judged(row, plan, notation, ms))
    return answers


def _judged(row: Row, plan: Plan | None, notation: Notation, ms: float) -> Answer:
    verdict = plan.verdict if plan else Verdict.UNKNOWN
    calls = plan.calls if plan else ()
    meant = Verdict.NOTHING if verdict is Verdict.NOTHING else Verdict.UNKNOWN
    written = _spelled(meant, calls, notation)
    return Answer(
        prompt=row.prompt,
        plan=row.plan,
        kind=row.kind,
        written=written,
        right=written == _spelled(*notation.parse(row.plan), notation),
        verdict=verdict.value,
        confidence=round(plan.confidence, 4) if plan else 0.0,
        ms=round(ms, 1),
        reason=str(plan.detail["reason"]) if plan and "reason" in plan.detail else None,
        raw=float(plan.detail.get("raw_confidence", plan.confidence)) if plan else 0.0,
    )


def _spelled(verdict: Verdict, calls: Sequence[Call], notation: Notation) -> str:
    """The one way to write a plan, whoever wrote it and whether defaults are in it."""
    return notation.write(verdict, [_plain(call, notation) for call in calls])


def _plain(call: Call, notation: Notation) -> Call:
    """A call with what it means: colours as values, things to buy one by one, no defaults."""
    fields = notation.skills[call.function].arguments.model_fields
    plain = {
        name: value
        for name, value in notation.canonical(call).arguments.items()
        if fields[name].is_required() or value != fields[name].default
    }
    with suppress(ValueError, KeyError):  # no colour that is known, or none at all
        plain["color"] = color_value(call.arguments["color"])
    if "items" in plain:
        plain["items"] = split_items(plain["items"])
    return replace(call, arguments=plain)


def share(answers: Sequence[Answer]) -> str:
    """Exactly right ones, in percent."""
    return f"{sum(answer.right for answer in answers) / len(answers):.1%}" if answers else "-"


def summary(answers: Sequence[Answer]) -> list[Table]:
    """Tables by kind and by function, worst first."""
    times = summarize("plan", "ms", [answer.ms for answer in answers])
    head = (
        f"{len(answers)} sentences, {share(answers)} exact, "
        f"p50 {times.p50:.0f} ms, p95 {times.p95:.0f} ms"
    )
    kinds = Table("kind", "n", "exact", "acted wrongly", title=head)
    by_kind: dict[str, list[Answer]] = defaultdict(list)
    by_function: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_kind[answer.kind].append(answer)
        for function in Row(answer.prompt, answer.plan, answer.kind).functions:
            by_function[function].append(answer)
    for kind, some in sorted(by_kind.items()):
        wrong = sum(answer.acts and not answer.right for answer in some)
        kinds.add_row(kind, str(len(some)), share(some), f"{wrong / len(some):.1%}")
    functions = Table("function", "n", "exact")
    for name, some in sorted(by_function.items(), key=lambda pair: _rate(pair[1])):
        functions.add_row(name, str(len(some)), share(some))
    return [kinds, functions]


def _rate(answers: Sequence[Answer]) -> float:
    return sum(answer.right for answer in answers) / len(answers)


@asynccontextmanager
async def _opened(model: str, *, auto: bool) -> AsyncIterator[Planner]:
    if not auto:
        async with open_planner(model) as planner:
            yield planner
        return
    settings = with_model(load_settings(), model)
    async with bench_session(settings, PlannerChoice.AUTO) as (_, session):
        await session.ready()
        yield session.agent


async def _main(options: argparse.Namespace) -> None:
    notation = Notation(SkillSet.installed())
    rows = read_rows(options.rows)[: options.limit]
    console = Console(stderr=True)
    async with _opened(options.model, auto=options.auto) as planner:
        answers: list[Answer] = []
        for row in track(rows, "asking", console=console):
            answers += await ask(planner, [row], notation)
    if options.out:
        text = "".join(json.dumps(asdict(answer)) + "\n" for answer in answers)
        options.out.write_text(text, encoding="utf-8")
    for table in summary(answers):
        Console().print(table)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("model", help="name of the catalogue, or a GGUF file")
    parser.add_argument("rows", type=Path, help="rows of the generator, .jsonl")
    parser.add_argument(
        "--auto", action="store_true", help="with the templates, as the agent plans"
    )
    parser.add_argument("--limit", type=int, default=None, help="only so many rows")
    parser.add_argument("--out", type=Path, help="write every answer here")
    try:
        asyncio.run(_main(parser.parse_args()))
    except CockpitError as error:
        sys.exit(f"cockpit: {error.spoken}")


if __name__ == "__main__":
    main()
