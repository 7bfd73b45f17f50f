"""The graph of any stages: a tree and a flowchart."""

import re

import pytest

from pipeline.engine.graph import draw_tree, to_mermaid
from tests.pipeline.engine.garden import grow, harvest, plant, water

GARDEN = {stage.name: stage.inputs for stage in (plant, water, harvest, grow)}
DEEP = {"a": [], "b": ["a"], "c": ["a"], "d": ["b"], "e": ["a", "d", "c"], "f": ["b"], "end": ["c", "a"]}


def test_stage_is_below_the_last_stage_that_it_reads() -> None:
    lines = [(node.branch + node.stage, node.also) for node in draw_tree(GARDEN)]
    assert lines == [("plant", ()), ("└─ water", ()), ("   └─ harvest", ("plant",)), ("grow", ())]


def test_bars_connect_a_stage_with_all_stages_below_it() -> None:
    nodes = draw_tree(DEEP)
    assert [node.branch + node.stage for node in nodes] == [
        "a",
        "├─ b",
        "│  ├─ d",
        "│  │  └─ e",
        "│  └─ f",
        "└─ c",
        "   └─ end",
    ]
    assert [node.margin.rstrip() for node in nodes] == ["│", "│  │", "│  │  │", "│  │", "│", "   │", ""]
    assert {node.stage: node.also for node in nodes if node.also} == {"e": ("a", "c"), "end": ("a",)}


def test_every_stage_is_drawn_once_and_no_stages_give_no_tree() -> None:
    assert sorted(node.stage for node in draw_tree(DEEP)) == sorted(DEEP)
    assert draw_tree({}) == []


@pytest.mark.parametrize("inputs", [GARDEN, DEEP])
def test_flowchart_has_a_box_for_each_stage_and_an_edge_for_each_input(inputs: dict[str, list[str]]) -> None:
    texts = {stage: f"{stage}: stale" for stage in inputs}
    classes = {stage: "stale" if stage == "end" else "fresh" for stage in inputs}
    first, *lines = to_mermaid(inputs, texts, classes, {"fresh": "fill:#fff", "stale": "fill:#eee", "other": ""}).split(
        "\n"
    )
    assert first.startswith("flowchart ")
    boxes = [re.fullmatch(r'    (\w+)\["(\w+): stale"\]:::(\w+)', line) for line in lines]
    names = {found[2]: found[1] for found in boxes if found}
    assert list(names) == list(inputs)
    assert {found[2]: found[3] for found in boxes if found} == classes
    edges = {tuple(line.strip().split(" --> ")) for line in lines if " --> " in line}
    assert edges == {(names[source], names[stage]) for stage, read in inputs.items() for source in read}
    assert "end" not in names.values()  # a reserved word
    styles = [line.split()[1] for line in lines if line.strip().startswith("classDef ")]
    assert styles == [name for name in ("fresh", "stale") if name in classes.values()]
