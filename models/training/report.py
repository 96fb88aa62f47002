"""The report beside the data: what the rows hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, get_args

from models.training.sources import SPLITS

if TYPE_CHECKING:
    from models.training.generate import Result, Sources


def report(sources: Sources, result: Result, refusable: int, command: str, seed: str) -> str:
    """Markdown."""
    rows = [row for split in SPLITS for row in result.rows.get(split, ())]
    read = {row.plan: sources.plans.read(row.plan) for row in rows}
    total = max(1, len(rows))
    functions: Counter[str] = Counter()
    skills: Counter[str] = Counter()
    values: dict[str, Counter[str]] = {}
    used: dict[str, set[str]] = {}
    for row in rows:
        meant = read[row.plan]
        functions.update(set(meant.functions))
        skills.update({name.partition(".")[0] for name in meant.functions})
        for call in meant.calls:
            for name, value in call.arguments.items():
                found = values.setdefault(f"{call.function} {name}", Counter())
                found[str(value) if isinstance(value, str | bool) else "a value"] += 1
        for name in set(meant.functions):
            used.setdefault(name, set()).update(row.template.split("+"))
    lines = [
        "# Training data",
        "",
        f"`{command}`, seed `{seed}`.",
        "",
        *(f"- {note}" for note in sources.notes),
        f"- refused, because they are among {refusable} sentences of evaluation: {result.refused}",
        f"- duplicates left out: {result.duplicates}",
        f"- left out because a text of the plan was no longer said: {result.unsaid}",
        *(f"- could not be made: {count} {name}" for name, count in sorted(result.short.items())),
        "",
        "## Rows",
        "",
        *_table(("split", "rows"), ((s, len(result.rows.get(s, ()))) for s in SPLITS)),
        "",
        *_table(("kind", "rows", "%"), _shares(Counter(row.kind for row in rows), total)),
        "",
        *_table(("origin", "rows", "%"), _shares(Counter(row.origin for row in rows), total)),
        "",
        f"With context: {sum(chr(10) in row.prompt for row in rows) / total:.1%}.",
        "",
        *_table(("skill", "rows", "%"), _shares(skills, total)),
        "",
        "## Templates",
        "",
        *_table(("kind", "origin", "templates"), _templates(sources)),
        "",
        "## Functions",
        "",
        *_table(
            ("function", "templates", "rows", "%"),
            (
                (name, len(used.get(name, ())), functions[name], f"{functions[name] / total:.2%}")
                for name in sources.plans.skills
            ),
        ),
        "",
        "## Values",
        "",
        *_table(("argument", "rows", "values of the enumeration"), _values(sources, values)),
        "",
    ]
    return "\n".join(lines)


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    lines += [f"| {' | '.join(map(str, row))} |" for row in rows]
    return lines


def _shares(counts: Mapping[str, int], total: int) -> Iterable[Sequence[Any]]:
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        yield name, counts[name], f"{counts[name] / total:.1%}"


def _templates(sources: Sources) -> Iterable[Sequence[Any]]:
    counts = Counter((t.kind, t.origin) for t in sources.templates)
    for kind, origin in sorted(counts):
        yield kind, origin, counts[kind, origin]


def _values(sources: Sources, values: Mapping[str, Counter[str]]) -> Iterable[Sequence[Any]]:
    for function, entry in sources.plans.skills.items():
        for name, info in entry.arguments.model_fields.items():
            found = values.get(f"{function} {name}", Counter())
            words = _enumeration(info.annotation)
            named = ", ".join(f"{word} {found[word]}" for word in words)
            if info.annotation is bool:
                named = f"on {found['True']}, off {found['False']}"
            yield f"{function} {name}", sum(found.values()), named


def _enumeration(hint: Any) -> list[str]:
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return [member.value for member in hint]
    return [word for arm in get_args(hint) for word in _enumeration(arm)]
