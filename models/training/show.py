"""Prints the template planner's plan of every line on stdin, in the compact notation.

Lines that templates do not explain to the last word get a "?".
"""

from __future__ import annotations

import sys

from models.training.plans import Plans
from models.training.sources import Reader
from skills.api import SkillSet


def main() -> None:
    """Read, plan, print."""
    plans = Plans(SkillSet.installed())
    reader = Reader(plans)
    for line in sys.stdin:
        text = line.strip()
        if text:
            meant = reader.said(text)
            written = plans.write(meant) if meant is not None else "?"
            sys.stdout.write(f"{written}\t{text}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
