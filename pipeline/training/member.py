"""A network trained from the first to the last epoch, with a checkpoint after each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from pipeline.network.activations import Array
from pipeline.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from pipeline.training.examples import Examples
from pipeline.training.fit import fit
from pipeline.training.history import Row, best_of
from pipeline.training.recipe import Recipe


@dataclass(frozen=True)
class Member:
    """flat: all parameters after the best epoch, (total,). history: all epochs, from 1."""

    flat: Array
    history: Sequence[Row]

    @property
    def best(self) -> Row:
        """The selected epoch."""
        return best_of(self.history)


def train_member(
    recipe: Recipe,
    training: Examples,
    validation: Examples,
    classes: int,
    checkpoint: Path,
    on_batch: Callable[[], object] = lambda: None,
    on_epoch: Callable[[Row, bool], object] = lambda row, resumed: None,
) -> Member:
    """Train a network by the recipe, from the file `checkpoint` on if it exists; write it after each epoch.

    `on_epoch` is called with (row, False) after each epoch, also number 0, and first of all with (row, True) for the
    last epoch of the checkpoint. Raises TrainingError.
    """
    found = load_checkpoint(checkpoint)
    history = list(found.history) if found else []
    if found:
        best, after = found.best, (history[-1].number, found.state)
        on_epoch(history[-1], True)
    for epoch in fit(recipe, training, validation, classes, on_batch, after if found else None):
        row = Row(**{field.name: getattr(epoch, field.name) for field in fields(Row)})
        if row.number > 0:
            history.append(row)
            if best_of(history) is row:
                best = epoch.parameters.flat.copy()
            save_checkpoint(checkpoint, Checkpoint(epoch.state, best, history))
        on_epoch(row, False)
    return Member(best, history)
