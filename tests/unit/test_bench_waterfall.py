"""The picture of a turn."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest

from cockpit.evaluation.waterfall import STAGES, TARGETS, bars, waterfall

SVG = "{http://www.w3.org/2000/svg}"
TURN = dict(zip(STAGES, (230.0, 345.0, 352.0, 478.0, 492.0, 640.0), strict=True))


def drawn(stages: dict[str, float], note: str = "n = 104") -> ElementTree.Element:
    return ElementTree.fromstring(waterfall(stages, note))


def rectangles(svg: ElementTree.Element) -> list[tuple[float, float, float]]:
    """Left, right and top of each bar, without the background."""
    found = []
    for rect in svg.iter(f"{SVG}rect"):
        if rect.attrib["class"] != "back":
            left = float(rect.attrib["x"])
            found.append((left, left + float(rect.attrib["width"]), float(rect.attrib["y"])))
    return found


def test_waterfall_is_an_image_with_a_title() -> None:
    svg = drawn(TURN)
    assert svg.tag == f"{SVG}svg"
    title = svg.find(f"{SVG}title")
    assert title is not None and title.text is not None
    told = [title.text.index(name) for name in STAGES]
    assert told == sorted(told)
    assert "prefers-color-scheme: dark" in (svg.findtext(f"{SVG}style") or "")


def test_waterfall_stages_follow_each_other() -> None:
    shown = {bar.name: bar for bar in bars(TURN)}
    assert shown["recognition"].begin == shown["waiting for a pause"].end
    assert shown["planning"].begin == shown["recognition"].end
    assert shown["command on the bus"].begin == shown["waiting for the end"].end == 478
    assert shown["the answer's first sound"].begin == shown["command on the bus"].end
    begins = [bar.begin for bar in bars(TURN)]
    assert begins == sorted(begins)
    assert all(bar.end >= bar.begin for bar in shown.values())


def test_waterfall_draws_bars_to_scale_below_each_other() -> None:
    found = rectangles(drawn(TURN))
    assert len(found) == len(bars(TURN))
    assert all(above[2] < below[2] for above, below in pairwise(found))
    zero = found[0][0]
    scale = (found[0][1] - zero) / 230
    for (left, right, _), bar in zip(found, bars(TURN), strict=True):
        assert left == pytest.approx(zero + bar.begin * scale, abs=0.2)
        assert right == pytest.approx(zero + bar.end * scale, abs=0.2)


def test_waterfall_command_waits_for_a_plan_later_than_the_endpoint() -> None:
    late = {**TURN, "text": 500.0, "plan": 900.0, "first command acknowledged": 930.0}
    command = next(bar for bar in bars(late) if bar.kind == "act")
    assert (command.begin, command.end) == (900, 930)


def test_waterfall_stays_within_its_width() -> None:
    slow = {name: at * 9 for name, at in TURN.items()}
    svg = drawn(slow)
    width = float(svg.attrib["width"])
    assert max(right for _, right, _ in rectangles(svg)) < width
    for line in svg.iter(f"{SVG}line"):
        assert float(line.attrib["x2"]) < width


def test_waterfall_shows_targets_and_escapes_its_note() -> None:
    svg = drawn(TURN, "p50 < 700 & more")
    texts = [text.text or "" for text in svg.iter(f"{SVG}text")]
    assert "p50 < 700 & more" in texts
    for goal in TARGETS.values():
        assert f"target {goal:.0f}" in texts


def test_waterfall_without_a_stage_is_refused() -> None:
    with pytest.raises(KeyError):
        waterfall({name: at for name, at in TURN.items() if name != "plan"}, "")
