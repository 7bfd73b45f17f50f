"""The stages as a graph, from the inputs that they declare: a tree as text, and a Mermaid flowchart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Inputs = Mapping[str, Sequence[str]]  # the inputs of each stage; a stage follows those that it reads


@dataclass(frozen=True)
class Node:
    """A line of the tree. branch: text before the name. margin: text below it. also: other inputs of the stage."""

    stage: str
    branch: str
    margin: str
    also: tuple[str, ...]


def draw_tree(inputs: Inputs) -> list[Node]:
    """Return the lines of a tree in which each stage is below the last stage that it reads."""
    order = list(inputs)
    parents = {stage: max(read, key=order.index, default=None) for stage, read in inputs.items()}

    def draw(stage: str, branch: str, bar: str) -> list[Node]:
        children = [child for child, parent in parents.items() if parent == stage]
        also = tuple(read for read in inputs[stage] if read != parents[stage])
        nodes = [Node(stage, branch, bar + ("│" if children else ""), also)]
        for child in children:
            last = child == children[-1]
            nodes += draw(child, f"{bar}{'└─' if last else '├─'} ", f"{bar}{' ' if last else '│'}  ")
        return nodes

    return [node for stage, parent in parents.items() if parent is None for node in draw(stage, "", "")]


def to_mermaid(inputs: Inputs, texts: Mapping[str, str], classes: Mapping[str, str], styles: Mapping[str, str]) -> str:
    """Return a flowchart in Mermaid's language, with an edge for each input.

    texts, classes: of each stage. styles: of each class, in CSS. Texts must not contain quotation marks.
    """
    names = {stage: f"stage_{stage}" for stage in inputs}  # Mermaid reserves words such as `end`
    used = [name for name in styles if name in classes.values()]
    return "\n".join(
        [
            "flowchart TD",
            *(f'    {names[stage]}["{texts[stage]}"]:::{classes[stage]}' for stage in inputs),
            *(f"    {names[source]} --> {names[stage]}" for stage, read in inputs.items() for source in read),
            *(f"    classDef {name} {styles[name]}" for name in used),
        ]
    )
