"""From a model's confidence to the chance that its plan is right, and what follows from it.

``python -m cockpit.evaluation.calibration answers.jsonl --model NAME`` reads the answers that
``cockpit.evaluation.planning --out`` wrote for held-out rows, fits an isotonic regression
(pool adjacent violators, Ayer et al. 1955) on one half of them, checks it on the other, and writes
the map, the thresholds and a reliability plot.

Act where the plan is right often enough; ask where a question is worth it; else decline.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import yaml

from cockpit.agent.llm.calibration import Calibration

ACT_PRECISION: Final = 0.65
"""A plan is run unasked where at least so many of its like are right."""
ASK_PRECISION: Final = 0.35
"""Below this a question would be answered with no more often than is bearable."""
_KNOTS: Final = 12


@dataclass(frozen=True, slots=True)
class Fit:
    """A calibrated model.

    Attributes:
        points: raw confidence and probability, rising, to interpolate between.
        error: expected calibration error on the half that was not fitted, 0 to 1.
        before: the same of the raw confidence.
    """

    points: tuple[tuple[float, float], ...]
    error: float
    before: float

    def probability(self, raw: float) -> float:
        """The chance that a plan of this raw confidence is right."""
        return Calibration(points=self.points).probability(raw)


def isotonic(pairs: Sequence[tuple[float, bool]]) -> list[tuple[float, float]]:
    """Mean confidence and share of right ones of each pool, both rising."""
    pools: list[list[float]] = []  # sum of raw, sum of right, count
    # Equal confidences, such as 1, are one pool from the start: nothing tells them apart.
    for raw, equal in itertools.groupby(sorted(pairs), key=lambda pair: pair[0]):
        rights = [right for _, right in equal]
        pools.append([raw * len(rights), float(sum(rights)), len(rights)])
        while len(pools) > 1 and pools[-2][1] / pools[-2][2] >= pools[-1][1] / pools[-1][2]:
            last = pools.pop()
            pools[-1] = [one + other for one, other in zip(pools[-1], last, strict=True)]
    return [(raw / count, right / count) for raw, right, count in pools]


def expected_error(pairs: Sequence[tuple[float, bool]], bins: int = 10) -> float:
    """Expected calibration error (Naeini et al. 2015) over bins of equal width."""
    total = 0.0
    for index in range(bins):
        some = [pair for pair in pairs if min(int(pair[0] * bins), bins - 1) == index]
        if some:
            gap = sum(p for p, _ in some) - sum(right for _, right in some)
            total += abs(gap)
    return total / max(1, len(pairs))


def fit(answers: Sequence[dict[str, Any]]) -> Fit:
    """Fit on one half of the answers, measure on the other, split by a hash of the prompt."""
    halves: tuple[list[tuple[float, bool]], list[tuple[float, bool]]] = ([], [])
    for answer in answers:
        half = hashlib.sha256(answer["prompt"].encode()).digest()[0] % 2
        halves[half].append((float(answer["raw"]), bool(answer["right"])))
    points = isotonic(halves[0])
    while len(points) > _KNOTS:  # the closest neighbours become one
        gaps = [after[1] - before[1] for before, after in itertools.pairwise(points)]
        at = gaps.index(min(gaps))
        pair = points[at], points[at + 1]
        points[at : at + 2] = [tuple((a + b) / 2 for a, b in zip(*pair, strict=True))]  # type: ignore[list-item]
    rounded = tuple((round(raw, 4), round(chance, 3)) for raw, chance in points)
    fitted = Fit(rounded, 0.0, expected_error(halves[1]))
    mapped = [(fitted.probability(raw), right) for raw, right in halves[1]]
    return Fit(rounded, expected_error(mapped), fitted.before)


def draw(answers: Sequence[dict[str, Any]], fitted: Fit, path: Path, title: str) -> None:
    """The reliability plot: confidence against the share of right plans."""
    import matplotlib  # type: ignore[import-not-found,unused-ignore]

    matplotlib.use("Agg")
    from matplotlib import pyplot  # type: ignore[import-not-found,unused-ignore]

    figure, axes = pyplot.subplots(figsize=(5, 5))
    axes.plot((0, 1), (0, 1), color="0.7", linewidth=1)
    for name, mapped in (("raw", False), ("calibrated", True)):
        bins: list[list[tuple[float, bool]]] = [[] for _ in range(10)]
        for answer in answers:
            raw = float(answer["raw"])
            value = fitted.probability(raw) if mapped else raw
            bins[min(int(value * 10), 9)].append((value, bool(answer["right"])))
        points = [
            (sum(v for v, _ in some) / len(some), sum(r for _, r in some) / len(some), len(some))
            for some in bins
            if some
        ]
        axes.plot([p[0] for p in points], [p[1] for p in points], marker="o", label=name)
    axes.set(
        xlabel="confidence", ylabel="share of exact plans", title=title, xlim=(0, 1), ylim=(0, 1)
    )
    axes.legend()
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("answers", type=Path, nargs="+", help="files of planning --out")
    parser.add_argument("--model", required=True, help="name under which the map is kept")
    parser.add_argument("--plot", type=Path, help="reliability plot, .svg or .png")
    options = parser.parse_args()
    lines = [line for path in options.answers for line in path.read_text("utf-8").splitlines()]
    answers = [json.loads(line) for line in lines]
    fitted = fit(answers)
    kept = Path(str(files("cockpit.agent.llm") / "calibration.yaml"))
    known = (yaml.safe_load(kept.read_text("utf-8")) if kept.is_file() else None) or {}
    before = known.get(options.model, {})
    known[options.model] = {
        "points": [list(point) for point in fitted.points],
        "act": ACT_PRECISION,
        "ask": ASK_PRECISION,
    } | ({"cascade": before["cascade"]} if "cascade" in before else {})
    head = "# Confidence of each model as a probability; made by cockpit.evaluation.calibration.\n"
    kept.write_text(head + yaml.safe_dump(known, default_flow_style=None), "utf-8")
    if options.plot:
        draw(answers, fitted, options.plot, options.model)
    print(  # noqa: T201  (a command line)
        f"{len(answers)} answers; expected calibration error {fitted.before:.3f} raw, "
        f"{fitted.error:.3f} calibrated (on the half that was not fitted)"
    )


if __name__ == "__main__":
    main()
