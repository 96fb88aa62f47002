from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from cockpit.agent.llm.spoken import model_text
from models.training import generate
from models.training.generate import Generator, Sources, read_sources, write
from models.training.plans import PlanInvalid, Plans, spans
from models.training.refusal import Refusal
from models.training.report import report
from models.training.sources import SPLITS, split_of
from skills.api import SkillSet
from tests.unit.training.folder import PHRASES, written

SKILLS = SkillSet.installed()
NO_REFUSAL = Refusal([])

_DIGEST = """
import hashlib, sys
from pathlib import Path
from models.training.generate import Generator, read_sources
from models.training.refusal import Refusal
from skills.api import SkillSet
sources = read_sources(SkillSet.installed(), folder=Path(sys.argv[1]), own=False)
rows = Generator(sources, Refusal([]), "1").run(300).rows
print(hashlib.sha256(repr(rows).encode()).hexdigest())
"""


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    return read_sources(SKILLS, folder=written(tmp_path), own=False)


def test_generate_rows_of_every_kind(sources: Sources) -> None:
    assert sources.faults == []
    rows = Generator(sources, NO_REFUSAL, "1").run(1500).rows["train"]
    kinds = Counter(row.kind for row in rows)
    assert set(kinds) == set(generate.KINDS)
    assert len({row.prompt for row in rows}) == len(rows)
    plans = Plans(SKILLS)
    for row in rows:
        meant = plans.read(row.plan)
        assert plans.write(meant) == row.plan
        assert plans.unsaid(meant, row.prompt) is None
        text = row.prompt.rpartition("\n")[2]
        assert model_text(text) == text


def test_generate_conditions_and_contexts(sources: Sources) -> None:
    rows = Generator(sources, NO_REFUSAL, "1").run(1500).rows["train"]
    assert any(row.plan == "if raining: windows.set_window 0 all" for row in rows)
    follow = [row for row in rows if row.kind == "followup"]
    assert follow
    assert all(row.prompt.startswith("last climate.set_temperature ") for row in follow)
    unrelated = [row for row in rows if row.kind == "one" and "\n" in row.prompt]
    assert unrelated


def test_generate_corrections_mean_what_was_said_last(sources: Sources) -> None:
    rows = Generator(sources, NO_REFUSAL, "1").run(3000).rows["train"]
    taken_back = [
        row
        for row in rows
        if row.kind == "correction" and row.plan.startswith("navigation") and " no " in row.prompt
    ]
    assert taken_back
    for row in taken_back:
        wanted = row.plan.split('"')[1]
        assert spans(wanted, row.prompt.rpartition(" no ")[2])


def test_generate_splits_share_no_template(sources: Sources) -> None:
    result = Generator(sources, NO_REFUSAL, "1").run(1500)
    used = {
        split: {name for row in rows for name in row.template.split("+")} - {"story"}
        for split, rows in result.rows.items()
    }
    assert not used["train"] & used["test"]
    assert not used["train"] & used["valid"]
    lines = {t.id: t.split for t in sources.templates}
    assert all(lines[name] == split for split in SPLITS for name in used[split])


def test_split_of_is_the_same_for_ever() -> None:
    shares = Counter(split_of(f"sentence {number}") for number in range(2000))
    assert 0.87 < shares["train"] / 2000 < 0.93
    assert split_of("lock the car") == split_of("lock the car")
    assert [split_of(f"a{n}") for n in range(40)].index("test") == 9


def test_generate_refuses_sentences_of_evaluation(sources: Sources, tmp_path: Path) -> None:
    (tmp_path / "eval").mkdir()
    scenario = "- turns:\n    - user: Lock the car!\n    - user: Lock up.\n"
    (tmp_path / "eval" / "a.yaml").write_text(scenario, encoding="utf-8")
    result = Generator(sources, Refusal([tmp_path / "eval"]), "1").run(1500)
    texts = {row.prompt.rpartition("\n")[2] for rows in result.rows.values() for row in rows}
    assert not texts & {"lock the car", "lock up", "please lock up", "hey car lock the car"}
    assert result.refused > 0


def test_generate_same_seed_same_bytes(sources: Sources, tmp_path: Path) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        write(Generator(sources, NO_REFUSAL, seed).run(400), tmp_path / name)
    a, b, c = ((tmp_path / name / "train.jsonl").read_bytes() for name in "abc")
    assert a == b != c
    row = json.loads(a.splitlines()[0])
    assert list(row) == ["prompt", "plan", "template", "kind", "origin"]


def test_generate_same_bytes_whatever_the_hash_seed(tmp_path: Path) -> None:
    folder = written(tmp_path)
    digests = {
        subprocess.run(
            [sys.executable, "-c", _DIGEST, str(folder)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_check_names_line_and_fault(tmp_path: Path) -> None:
    text = (
        PHRASES
        + "- plan: climate.set_temperature 99\n  say: [far too hot]\n"
        + "- plan: doors.locked\n  say: [what]\n"
        + '- plan: navigation.go_to "home"\n  say: [take me back]\n'
        + "- plan: climate.set_fan {nothing}\n  say: [fan]\n"
    )
    found = read_sources(SKILLS, folder=written(tmp_path, text), own=False)
    lines = text.lstrip("\n").splitlines()
    assert [lines[fault.line - 1].strip() for fault in found.faults] == [
        "say: [far too hot]",
        "say: [what]",
        "say: [take me back]",
        "say: [fan]",
    ]
    assert "'home' is not said" in found.faults[2].text


def test_implied_kinds_of_places_need_not_be_said(tmp_path: Path) -> None:
    text = '- plan: navigation.search "restaurant"\n  say: [i could eat a horse]\n'
    folder = written(tmp_path, text)
    assert read_sources(SKILLS, folder=folder, own=False).faults
    assert not read_sources(SKILLS, folder=folder, own=False, implied=True).faults


def test_plans_are_canonical() -> None:
    plans = Plans(SKILLS)
    for text, written_plan in (
        ("climate.set_temperature 21.0 mine", "climate.set_temperature 21"),
        ("climate.set_fan 2 mine", "climate.set_fan 2 mine"),
        ("climate.set_fan 2 all", "climate.set_fan 2"),
        ("if window mine > 0: doors.lock all", "if window > 0: doors.lock"),
        ("unless raining: doors.lock", "if not raining: doors.lock"),
        ("wipers.set_wipers medium front", "wipers.set_wipers medium"),
        ('navigation.go_to "The Theatre"', 'navigation.go_to "theatre"'),
        ('shopping.add "two eggs", "some bread"', 'shopping.add "2 eggs", "bread"'),
        ("none", "none"),
    ):
        assert plans.write(plans.read(text)) == written_plan
    with pytest.raises(PlanInvalid):
        plans.read("climate.set_temperature")


@pytest.mark.parametrize(
    ("plan", "said", "written_plan"),
    [
        (
            "if speed <= 50: media.mute",
            "mute unless we go over 50",
            "unless speed > 50: media.mute",
        ),
        ("if not raining: media.mute", "mute but not if it rains", "unless raining: media.mute"),
        ("if raining: media.mute", "mute it but not unless it rains", "if raining: media.mute"),
        ("if raining: media.mute", "mute it if it rains", "if raining: media.mute"),
        (
            "if not raining: media.mute; else: media.unmute",
            "mute it unless it rains then unmute it",
            "unless raining: media.mute; else: media.unmute",
        ),
        (
            "if not raining: media.mute; if locked: doors.unlock",
            "mute it unless it rains and unlock if it's locked",
            "if not raining: media.mute; if locked: doors.unlock",
        ),
    ],
)
def test_unless_is_written_as_it_is_said(plan: str, said: str, written_plan: str) -> None:
    plans = Plans(SKILLS)
    meant = plans.read(plan)
    assert plans.write(meant, said) == written_plan
    assert plans.read(written_plan) == meant


def test_report_counts_functions_and_values(sources: Sources) -> None:
    result = Generator(sources, NO_REFUSAL, "1").run(400)
    text = report(sources, result, 0, "a command", "1")
    assert "| doors.lock |" in text
    assert "mine " in text
    assert "`a command`, seed `1`" in text
