"""Learning: epoch after epoch, and after each a look at images that the network does not learn from."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.engine.errors import PipelineError
from pipeline.network.activations import ACTIVATIONS, Array
from pipeline.network.crew import Crew
from pipeline.network.examples import Examples
from pipeline.network.history import Row
from pipeline.network.learner import learn, prepare
from pipeline.network.mlp import Parameters, forward
from pipeline.network.recipe import Recipe
from pipeline.scheduling.places import count_cores

CHUNK = 500  # images looked at together when nothing is learned


class TrainingError(PipelineError):
    """The numbers of the network are no numbers any more."""


@dataclass(frozen=True)
class Epoch(Row):
    """A row of the history, and the network then.

    parameters: those that count, which are averages where the recipe says so. state: all that the next epoch stands
    on, (rows, numbers of the network). The next epoch changes both.
    """

    parameters: Parameters
    state: Array


def fit(
    recipe: Recipe,
    training: Examples,
    validation: Examples,
    classes: int,
    on_batch: Callable[[], object] = lambda: None,
    after: tuple[int, Array] | None = None,
) -> Iterator[Epoch]:
    """Train a network, epoch by epoch, in the dtype of the training images; the first is number 0, before all learning.

    With `after`, the number and the state of an epoch of an earlier run, go on from there: an epoch does not depend
    on what was drawn before it, so the bits are those of one run. `on_batch` is called after every step. Raises
    TrainingError if the cost, a parameter or an answer turns non-finite.
    """
    learner = prepare(recipe, training, classes)
    done = 0
    if after:
        done, learner.state[:] = after
    else:
        reached = accuracy(learner.result, validation, recipe)
        yield Epoch(0, math.nan, math.nan, reached, math.nan, 0.0, learner.result, learner.state)
    for number in range(done + 1, recipe.epochs + 1):
        started = time.perf_counter()
        cost, recognised, rate = learn(learner, number, on_batch)
        seconds = time.perf_counter() - started
        reached = accuracy(learner.result, validation, recipe)
        if not (math.isfinite(cost) and np.isfinite(learner.state).all() and math.isfinite(reached)):
            raise TrainingError(
                f"the network diverged in epoch {number}: try a smaller learning rate than {recipe.learning_rate:g}"
            )
        yield Epoch(number, cost, recognised, reached, rate, seconds, learner.result, learner.state)


def accuracy(parameters: Parameters, examples: Examples, recipe: Recipe) -> float:
    """The share of the examples that the network recognises, in [0, 1]; NaN if an answer is not finite."""
    logits = _compute_logits(parameters, examples.rows, recipe)
    if not np.isfinite(logits).all():
        return math.nan
    return float(np.mean(logits.argmax(axis=1) == examples.labels))


def _compute_logits(parameters: Parameters, rows: Array, recipe: Recipe) -> Array:
    """What the network says of rows of pixels, (n, pixels): (n, c)."""
    logits = np.empty((len(rows), len(parameters.layers[-1].biases)), rows.dtype)

    @np.errstate(over="ignore", invalid="ignore")
    def work(thread: int) -> None:
        for start in range(thread * CHUNK, len(rows), crew.size * CHUNK):
            chunk = slice(start, start + CHUNK)
            logits[chunk] = forward(parameters.layers, rows[chunk], ACTIVATIONS[recipe.activation])[-1]

    with Crew(count_cores()) as crew:
        crew.run(work)
    return logits
