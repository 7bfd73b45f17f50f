"""One step of learning, by a crew: look at a batch, find what to blame, go downhill.

A batch is cut into shards, some rows for each thread, which takes them forwards and their blame backwards all by
itself. Then the threads share out the network instead: each computes the gradient of its part, block by block, by the
whole batch, and takes the optimizer's step there at once, while all that it needs is in the cache. So no gradient is
ever added up, nor stored for the network as a whole. What comes out depends on the number of shards, which belongs to
the recipe, and not on how many threads there are.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.data.deform import Deformer
from pipeline.network.activations import ACTIVATIONS, Array
from pipeline.network.crew import Crew
from pipeline.network.examples import Examples
from pipeline.network.losses import COSTS
from pipeline.network.mlp import (
    Parameters,
    Piece,
    Workspace,
    backward,
    count_numbers,
    cut,
    forward,
    gradient,
    initialise,
    make_workspace,
    view,
)
from pipeline.network.optimizers import Optimizer, find_optimizer
from pipeline.network.recipe import Recipe
from pipeline.network.schedules import rate_factor
from pipeline.scheduling.places import count_cores

# Numbers of the network that are dealt with at a time, at most and give or take a row: Adam's four for each, 8 MB, stay
# in a cache. Fewer would be nearer, but every call of NumPy costs each thread microseconds of waiting for the other.
BLOCK = 524_288


@dataclass(frozen=True)
class Shard:
    """What one part of the work is done with; no other thread touches it meanwhile.

    deformer: of its part of each batch. blocks: its part of the network. gradient: room for that of one of these.
    """

    deformer: Deformer
    blocks: Sequence[Sequence[Piece]]
    gradient: Array


@dataclass(frozen=True)
class Learner:
    """A network that learns from examples.

    state: all that is to be remembered from step to step, a row each of (numbers of the network,): its parameters,
    what the optimizer keeps, and the average of the parameters if the recipe has one. parameters, result: the network
    that learns and the one that counts, which are views of the state. inputs, workspace: of one batch.
    """

    recipe: Recipe
    training: Examples
    optimizer: Optimizer
    state: Array
    parameters: Parameters
    result: Parameters
    inputs: Array
    workspace: Workspace
    shards: Sequence[Shard]

    @property
    def batches(self) -> int:
        """How many make an epoch."""
        return count_batches(len(self.training.labels), self.recipe.batch_size)


def prepare(recipe: Recipe, training: Examples, classes: int) -> Learner:
    """A new network of the recipe, and all the room that learning takes, in the dtype of the images."""
    total, height, width = training.images.shape
    dtype = training.images.dtype
    sizes = (height * width, *recipe.sizes, classes)
    optimizer = find_optimizer(recipe.optimizer, recipe.momentum, recipe.weight_decay)
    state = np.zeros((1 + optimizer.buffers + (recipe.averaging > 0), count_numbers(sizes)), dtype)
    parameters = view(state[0], sizes)
    generator = np.random.default_rng((recipe.seed, 0))
    initialise(parameters.layers, recipe.initialisation, recipe.bias_deviation, generator)
    if recipe.averaging:
        state[-1] = state[0]
    rows = min(recipe.batch_size, total)
    shards = [
        Shard(
            Deformer(recipe.deformation, height, width, -(-rows // recipe.shards), dtype),
            blocks,
            np.empty(max((_numbers(block).stop - _numbers(block).start for block in blocks), default=0), dtype),
        )
        for blocks in cut(sizes, recipe.shards, BLOCK)
    ]
    return Learner(
        recipe,
        training,
        optimizer,
        state,
        parameters,
        result=view(state[-1], sizes) if recipe.averaging else parameters,
        inputs=np.empty((rows, height * width), dtype),
        workspace=make_workspace(sizes, rows, dtype),
        shards=shards,
    )


def learn(learner: Learner, epoch: int, on_batch: Callable[[], object]) -> tuple[float, float, float]:
    """Meet every example once: the mean cost, the share of them recognised, the learning rate of the last step.

    epoch: its number, from 1. Every draw comes from a generator seeded by (seed, epoch, shard). `on_batch` is called
    after every step. Stops at once if the cost is not finite.
    """
    recipe, total = learner.recipe, len(learner.training.labels)
    generators = [np.random.default_rng((recipe.seed, epoch, i)) for i in range(1, recipe.shards + 1)]
    batches = list(shuffled_batches(total, recipe.batch_size, (recipe.seed, epoch)))
    costs = np.zeros((len(batches), recipe.shards))
    recognised = np.zeros(recipe.shards, int)
    rates = [learning_rate(learner, (epoch - 1) * learner.batches + i) for i in range(len(batches))]

    @np.errstate(over="ignore", invalid="ignore")  # a network that diverges is met by its cost
    def work(thread: int) -> None:
        shards = range(thread, recipe.shards, crew.size)
        for i, batch in enumerate(batches):
            for shard in shards:
                costs[i, shard], right = _look(learner, shard, batch, generators[shard])
                recognised[shard] += right
            crew.meet(thread)
            for shard in shards:
                _descend(learner, shard, len(batch), rates[i], (epoch - 1) * learner.batches + i + 1)
            crew.meet(thread)
            if not np.isfinite(costs[i]).all():
                break
            if thread == 0:
                on_batch()

    with Crew(min(recipe.shards, count_cores())) as crew:
        crew.run(work)
    shares = np.array([len(batch) for batch in batches]) / total
    return float(costs.sum(axis=1) @ shares), int(recognised.sum()) / total, rates[-1]


def learning_rate(learner: Learner, step: int) -> float:
    """That of a step, counted from 0 over all epochs."""
    recipe = learner.recipe
    return recipe.learning_rate * rate_factor(recipe.schedule, recipe.warmup, step, recipe.epochs * learner.batches)


def _look(learner: Learner, shard: int, batch: NDArray[np.intp], generator: np.random.Generator) -> tuple[float, int]:
    """Take a shard of the batch forwards and its blame backwards: its part of the mean cost, how many it recognises."""
    recipe, layers = learner.recipe, learner.parameters.layers
    activation = ACTIVATIONS[recipe.activation]
    rows = slice(len(batch) * shard // recipe.shards, len(batch) * (shard + 1) // recipe.shards)
    numbers, inputs, workspace = batch[rows], learner.inputs[rows], learner.workspace[rows]
    learner.shards[shard].deformer(learner.training.rows, numbers, generator, out=inputs)
    labels = learner.training.labels[numbers]
    logits = forward(layers, inputs, activation, workspace)[-1]
    cost, workspace.deltas[-1][:] = COSTS[recipe.cost](logits, labels, recipe.smoothing, len(batch))
    backward(layers, activation, workspace)
    return cost, int(np.count_nonzero(logits.argmax(axis=1) == labels))


def _descend(learner: Learner, shard: int, count: int, rate: float, step: int) -> None:
    """Go downhill with a shard of the network, by what the batch of `count` images has to say of it."""
    recipe, workspace = learner.recipe, learner.workspace[:count]
    layer_inputs = [learner.inputs[:count], *workspace.values]
    keep = min(recipe.averaging, step / (step + 10))  # the average forgets the first steps sooner than later ones
    for block in learner.shards[shard].blocks:
        numbers = _numbers(block)
        g = learner.shards[shard].gradient[: numbers.stop - numbers.start]
        for piece in block:
            out = g[piece.numbers.start - numbers.start : piece.numbers.stop - numbers.start]
            gradient(piece, layer_inputs[piece.layer], workspace.deltas[piece.layer], out)
        w, *rest = learner.state[:, numbers]
        learner.optimizer.update(w, g, rest[: learner.optimizer.buffers], rate, step)
        if recipe.averaging:  # average <- keep average + (1 - keep) w
            np.subtract(w, rest[-1], out=g)
            g *= 1 - keep
            rest[-1] += g


def _numbers(block: Sequence[Piece]) -> slice:
    """Where a block is in the flat buffer."""
    return slice(block[0].numbers.start, block[-1].numbers.stop)


def count_batches(count: int, batch_size: int) -> int:
    """How many batches `count` images make."""
    return -(-count // batch_size)


def shuffled_batches(count: int, batch_size: int, seed: tuple[int, ...]) -> Iterator[NDArray[np.intp]]:
    """The numbers 0 to `count` - 1 in random order, `batch_size` at a time; what is left over is a batch too."""
    order = np.random.default_rng(seed).permutation(count)
    for start in range(0, count, batch_size):
        yield order[start : start + batch_size]
