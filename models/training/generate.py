"""Writes the trained planner's data: ``python -m models.training.generate --out out/training``.

The same seed and the same files give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cockpit.agent.llm.spoken import context_text, model_text
from models.training import check, report
from models.training.compose import Chooser, Composer, Made
from models.training.phrases import Fault, Slots, read_phrases, read_slots
from models.training.plans import PlanInvalid, Plans
from models.training.refusal import Refusal
from models.training.registers import SHARES, Speaker
from models.training.sentences import implied_texts
from models.training.sources import (
    SPLITS,
    Cell,
    Reader,
    Template,
    corpus_template,
    phrase_templates,
    sentence_templates,
)
from skills.api import SkillSet

HERE: Final = Path(__file__).parent
KINDS: Final[Mapping[str, float]] = {
    "one": 0.38,
    "several": 0.26,
    "none": 0.10,
    "unknown": 0.08,
    "followup": 0.07,
    "correction": 0.04,
    "condition": 0.07,
}
"""Shares of the kinds of rows; what a kind has no templates for goes to the first."""
SPLIT_SHARES: Final = {"train": 0.90, "valid": 0.05, "test": 0.05}
ORIGINS: Final = {"phrases": 0.55, "sentences": 0.20, "corpus": 0.25}
ORIGINS_OF_TALK: Final = {"phrases": 0.50, "sentences": 0.10, "corpus": 0.40}
WITH_CONTEXT: Final = 0.15
"""Share of rows that need no context and get an unrelated one."""
FEWEST: Final = 0.0025
"""Least share of a function among all rows, by rows of its own."""
MOST: Final = 0.20
"""Largest share of a skill among rows with one call."""
CONDITIONED: Final = 0.45
"""Share of the rows with a condition that put one to any wish."""
DENIED: Final = 0.35
"""Share of the rows without calls that are denied or withdrawn wishes."""
STORIES: Final = 0.08
"""Of those, the share that is no wish at all: somebody tells something."""
_OWN: Final = 0.25  # share of rows with several calls that are phrases of their own
_TRIES: Final = 25
_DENIALS: Final = ("don't ", "do not ", "please don't ", "never ", "no need ")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a data file."""

    prompt: str
    plan: str
    template: str
    kind: str
    origin: str


@dataclass
class Result:
    """What was generated.

    Attributes:
        rows: by split.
        refused: sentences of evaluation that came up.
        duplicates: prompts that came up again.
        unsaid: texts of plans that a register took out of the sentence.
        short: rows that could not be made, by split and kind.
    """

    rows: dict[str, list[Row]] = field(default_factory=dict)
    refused: int = 0
    duplicates: int = 0
    unsaid: int = 0
    short: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Sources:
    """Everything rows are made from."""

    slots: Slots
    plans: Plans
    reader: Reader
    templates: list[Template]
    faults: list[Fault]
    notes: list[str]


def read_sources(
    skills: SkillSet,
    *,
    corpora: Path | None = None,
    folder: Path = HERE,
    own: bool = True,
    only: Sequence[str] = (),
    implied: bool = False,
) -> Sources:
    """Phrases, sentences and corpora.

    Args:
        corpora: folder of the corpora, where they are wanted.
        folder: holds ``phrases/`` and ``slots/``.
        own: the skills' own sentences, too.
        only: names of phrase files; all of them where it is empty.
        implied: a kind of place need not be said ("i'm hungry": restaurant).
    """
    plans = Plans(skills, implied_texts(skills) if implied else ())
    reader = Reader(plans)
    slots, faults = read_slots(folder / "slots")
    phrases, more = read_phrases(folder / "phrases", only)
    templates, wrong = phrase_templates(phrases, slots, plans)
    notes: list[str] = []
    if own:
        templates += sentence_templates(slots, plans, reader)
    if corpora is not None:
        templates += _corpus_templates(corpora, plans, notes)
    return Sources(slots, plans, reader, templates, [*faults, *more, *wrong], notes)


def _corpus_templates(folder: Path, plans: Plans, notes: list[str]) -> list[Template]:
    try:
        from models.training import corpora
    except ImportError:
        notes.append("The corpora are left out: nothing reads them yet.")
        return []
    if not folder.is_dir():
        notes.append(f"The corpora are left out: there is no folder {folder.name}.")
        return []
    made: dict[str, Template] = {}
    wrong: Counter[str] = Counter()
    for wording in corpora.read(folder):
        try:
            template = corpus_template(
                wording.text,
                wording.plan,
                wording.origin,
                wording.row,
                plans,
                measuring=wording.split == "test",
            )
        except PlanInvalid as error:
            wrong[f"{wording.origin}: {str(error).partition(':')[0]}"] += 1
            continue
        made.setdefault(model_text(wording.text), template)
    notes += [f"{count} x {text}" for text, count in wrong.most_common(20)]
    return list(made.values())


type Maker = Callable[[random.Random], Made | None]
"""A way to make a sentence."""


class Generator:
    """Makes the rows of all splits.

    Args:
        sources: what they are made from.
        refusal: what must not come up.
        seed: of everything drawn.
    """

    def __init__(self, sources: Sources, refusal: Refusal, seed: str) -> None:
        self._sources = sources
        self._refusal = refusal
        self._seed = seed
        self._speaker = Speaker(sources.slots)
        self._seen: set[str] = set()
        self.result = Result()

    def run(self, rows: int, advance: Progress | None = None) -> Result:
        """All splits; the test rows first, so that no duplicate takes them away."""
        task = advance.add_task("rows", total=rows) if advance is not None else None
        for split in reversed(SPLITS):
            made = self.result.rows.setdefault(split, [])
            for row in self._split(split, round(rows * SPLIT_SHARES[split])):
                made.append(row)
                if advance is not None and task is not None:
                    advance.advance(task)
            self._rng(split, "order").shuffle(made)
        return self.result

    def _rng(self, *parts: str) -> random.Random:
        return random.Random("|".join((self._seed, *parts)))

    def _split(self, split: str, count: int) -> Iterator[Row]:
        pools = _Pools([t for t in self._sources.templates if t.split == split])
        if not pools.one:
            return
        quotas = {kind: round(count * share) for kind, share in KINDS.items()}
        for kind in ("followup", "condition", "unknown"):
            if kind not in pools.cells:
                quotas["one"] += quotas.pop(kind)
        conditional, following = pools.cells.get("condition"), pools.cells.get("followup")
        composer = Composer(
            self._sources.slots,
            self._sources.plans,
            pools.any_function,
            conditional.choose if conditional else None,
            following.choose if following else None,
        )
        for kind, wanted in quotas.items():
            rng = self._rng(split, kind)
            makers = self._makers(kind, wanted, count, pools, composer, rng)
            for maker in makers:
                row = self._row(kind, maker, composer, rng)
                if row is None:
                    self.result.short[f"{split} {kind}"] += 1
                else:
                    yield row
        if split == "train":
            yield from self._real_wordings(pools, composer)

    def _real_wordings(self, pools: _Pools, composer: Composer) -> Iterator[Row]:
        """Every sentence of the corpora once, where it was not drawn already."""
        rng = self._rng("corpora")
        for template in pools.real:
            row = self._row(template.kind, (_drawing(lambda _, t=template: t),), composer, rng)  # type: ignore[misc]
            if row is not None:
                yield row

    def _makers(
        self,
        kind: str,
        wanted: int,
        count: int,
        pools: _Pools,
        composer: Composer,
        rng: random.Random,
    ) -> Iterator[Sequence[Maker]]:
        """For every row ways to make it, the next where the one before finds nothing new."""
        anything = _drawing(pools.any_function)
        if kind == "one":
            for name in pools.schedule(wanted, round(count * FEWEST), rng):
                yield (_drawing(pools.one[name].choose), anything)
            return
        cell = pools.cells.get(kind)
        for _ in range(wanted):
            own = _drawing(cell.choose) if cell is not None else None
            made: Maker | None = None
            if kind == "several" and (own is None or rng.random() >= _OWN):
                made = composer.several
            elif kind == "correction":
                made = composer.corrected
            elif kind == "condition" and rng.random() < CONDITIONED:
                made = composer.conditioned
            elif kind == "none" and (own is None or rng.random() < DENIED):
                made = composer.denied if rng.random() > STORIES else composer.story
            ways = [way for way in (made, own) if way is not None]
            yield tuple(ways) or (anything,)

    def _row(
        self, kind: str, makers: Sequence[Maker], composer: Composer, rng: random.Random
    ) -> Row | None:
        for maker in makers:
            for _ in range(_TRIES):
                made = maker(rng)
                row = self._told(kind, made, composer, rng) if made is not None else None
                if row is not None:
                    return row
        return None

    def _told(self, kind: str, made: Made, composer: Composer, rng: random.Random) -> Row | None:
        sample = made.sample
        plans = self._sources.plans
        register = rng.choices(list(SHARES), list(SHARES.values()))[0]
        if kind == "followup" and register in ("rambling", "address"):
            register = "plain"
        protected = [model_text(piece.text) for piece in sample.pieces if piece.slot]
        protected += plans.texts(sample.meant)
        text = self._speaker.say(sample.text, register, protected, rng, for_car=made.for_car)
        if not text:
            return None
        if plans.unsaid(sample.meant, f"{sample.last}\n{text}") is not None:
            self.result.unsaid += 1
            return None
        if text in self._refusal:
            self.result.refused += 1
            return None
        last, asked = sample.last, sample.asked
        if not last and not asked and rng.random() < WITH_CONTEXT:
            last, asked = composer.unrelated(made, rng)
        prompt = context_text(last=last, asked=asked) + text
        if prompt in self._seen:
            self.result.duplicates += 1
            return None
        self._seen.add(prompt)
        origins = [template.origin for template in made.templates]
        origin = origins[0] if len(set(origins)) == 1 else "phrases"
        name = "+".join(template.id for template in made.templates) or "story"
        return Row(prompt, plans.write(sample.meant, text), name, kind, origin)


def _drawing(choose: Chooser) -> Maker:
    """A maker that draws from a chosen template."""

    def make(rng: random.Random) -> Made | None:
        template = choose(rng)
        sample = template.draw(rng)
        if sample is None:
            return None
        for_car = template.kind != "none" or sample.text.startswith(_DENIALS)
        return Made(sample, (template,), for_car)

    return make


class _Pools:
    """The templates of a split, by kind and function."""

    def __init__(self, templates: Sequence[Template]) -> None:
        kinds: dict[str, list[Template]] = {}
        functions: dict[str, list[Template]] = {}
        self.real = [t for t in templates if t.origin.startswith("corpus:")]
        for template in templates:
            if template.kind == "one":
                for name in template.functions:
                    functions.setdefault(name, []).append(template)
            else:
                kinds.setdefault(template.kind, []).append(template)
        self.one = {name: Cell(functions[name], ORIGINS) for name in sorted(functions)}
        self.cells = {
            kind: Cell(found, ORIGINS_OF_TALK if kind in ("none", "unknown") else ORIGINS)
            for kind, found in kinds.items()
        }
        self._names = list(self.one)
        self._weights = self._balanced()

    def any_function(self, rng: random.Random) -> Template:
        """A template with one call, of any function."""
        name = rng.choices(self._names, self._weights)[0]
        return self.one[name].choose(rng)

    def schedule(self, wanted: int, fewest: int, rng: random.Random) -> list[str]:
        """Names of functions, one a row: each the fewest times, the rest by weight."""
        fewest = min(fewest, wanted // max(1, len(self._names)))
        names = [name for name in self._names for _ in range(fewest)]
        names += rng.choices(self._names, self._weights, k=wanted - len(names))
        rng.shuffle(names)
        return names

    def _balanced(self) -> list[float]:
        """Weights of the functions: richness, with a cap on every skill."""
        weights = {name: cell.richness for name, cell in self.one.items()}
        for _ in range(6):
            total = sum(weights.values())
            skills: dict[str, float] = {}
            for name, weight in weights.items():
                skill = name.partition(".")[0]
                skills[skill] = skills.get(skill, 0.0) + weight / total
            if max(skills.values()) <= MOST or len(skills) * MOST <= 1:
                break
            for name in weights:
                weights[name] *= min(1.0, MOST / skills[name.partition(".")[0]])
        return list(weights.values())


# -- the command ------------------------------------------------------------------------------


def write(result: Result, folder: Path) -> None:
    """The data files."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, rows in result.rows.items():
        lines = (json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{split}.jsonl").write_text("".join(lines), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    options = _options().parse_args(arguments)
    console = Console(stderr=True)
    sources = read_sources(
        SkillSet.installed(),
        corpora=options.corpora,
        own=not options.check,
        only=options.only,
        implied=options.implied,
    )
    for note in sources.notes:
        console.print(note, markup=False, highlight=False, soft_wrap=True)
    for fault in sources.faults:
        console.print(str(fault), style="red", markup=False, highlight=False, soft_wrap=True)
    if options.check:
        disagreements = list(check.disagreements(sources))
        for line in disagreements:
            sys.stdout.write(f"{line}\n")
        console.print(f"{len(sources.faults)} faults, {len(disagreements)} disagreements")
        return 1 if sources.faults else 0
    if sources.faults and not options.anyway:
        console.print(f"{len(sources.faults)} faults; nothing is written.", style="red")
        return 1
    refusal = Refusal(options.refuse)
    generator = Generator(sources, refusal, options.seed)
    with _progress(console) as progress:
        result = generator.run(options.rows, progress)
    write(result, options.out)
    command = " ".join(["python -m models.training.generate", *(arguments or sys.argv[1:])])
    text = report.report(sources, result, len(refusal), command, options.seed)
    (options.out / "report.md").write_text(text, encoding="utf-8")
    counts = ", ".join(f"{split} {len(rows)}" for split, rows in result.rows.items())
    console.print(f"{counts}; refused {result.refused}, duplicates {result.duplicates}")
    return 0


@contextmanager
def _progress(console: Console) -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        yield progress


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", default="1", help="of everything drawn")
    parser.add_argument("--rows", type=int, default=60000, help="of all splits together")
    parser.add_argument("--out", type=Path, default=Path("out/training"), help="folder")
    parser.add_argument("--corpora", type=Path, help="folder of the public corpora")
    parser.add_argument(
        "--refuse",
        type=Path,
        action="append",
        default=[],
        help="folder of scenarios none of whose sentences may come up; may be given often",
    )
    parser.add_argument("--check", action="store_true", help="only check the phrase files")
    parser.add_argument("--only", action="append", default=[], help="a phrase file, by its name")
    parser.add_argument(
        "--implied",
        action="store_true",
        help='a kind of place need not be said: "i\'m hungry" may plan a restaurant',
    )
    parser.add_argument("--anyway", action="store_true", help="leave out lines with faults")
    return parser


if __name__ == "__main__":
    sys.exit(main())
