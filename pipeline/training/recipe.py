"""A recipe: all hyperparameters of a training run. This module does not import NumPy, so that `--help` is fast."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pipeline.data.augmentation import Augmentation
from pipeline.engine.documents import FINITE, Fraction, Meta, NonNegative, Positive, Share
from pipeline.engine.fields import check_values
from pipeline.network.notation import format_layers
from pipeline.network.optimizers import OPTIMIZERS, SCHEDULES

ActivationName = Literal["sigmoid", "tanh", "relu", "gelu"]
LossName = Literal["mean-squared-error", "cross-entropy"]
InitialisationName = Literal["normal", "xavier", "he"]
if TYPE_CHECKING:  # type checkers know no Literal of values that follow from a dict
    OptimizerName = str
    ScheduleName = str
else:
    OptimizerName = Literal[tuple(OPTIMIZERS)]
    ScheduleName = Literal[tuple(SCHEDULES)]


@dataclass(frozen=True)
class Recipe:
    """The hyperparameters of a training run; `train` has an option for each of them.

    layers: the hidden layers, in the notation of `pipeline.network.notation`. shards: the number of parts of a batch,
    which determines the order of sums and of random draws. ema_decay: if it is above 0, the averaged parameters are
    evaluated and saved. seed: the seed of the first network of an ensemble; the others have seed + 1, seed + 2 and so
    on. Raises UsageError for a value out of range.
    """

    layers: Annotated[
        str,
        "Hidden layers, such as 512,256 (dense) or conv16,pool2,128; docs/reference/layers.md has the notation.",
    ] = "128"
    activation: Annotated[ActivationName, "Activation function of the hidden layers."] = "relu"
    loss: Annotated[LossName, "Loss function."] = "cross-entropy"
    label_smoothing: Annotated[
        Fraction, "Label smoothing: the fraction of each label that is spread over all classes."
    ] = 0.0
    initialisation: Annotated[InitialisationName, "Distribution of the initial weights."] = "he"
    bias_std: Annotated[float, Meta(ge=0, le=1_000_000), "Standard deviation of the initial biases."] = 0.0
    optimizer: Annotated[OptimizerName, "Optimizer."] = "adam"
    learning_rate: Annotated[float, Meta(gt=0, le=FINITE), "Peak learning rate of the schedule."] = 0.001
    schedule: Annotated[ScheduleName, "Learning rate schedule over the run."] = "cosine"
    warmup: Annotated[Fraction, "Fraction of the run in which the learning rate rises linearly (warm-up)."] = 0.0
    momentum: Annotated[Fraction, "Momentum, for the optimizer momentum."] = 0.9
    weight_decay: Annotated[
        float, Meta(ge=0, le=FINITE), "Weight decay: decoupled for adamw, an L2 term otherwise."
    ] = 0.0
    ema_decay: Annotated[Fraction, "Decay of the moving average of the weights; 0 turns it off."] = 0.0
    batch_size: Annotated[Positive, "Number of images per batch."] = 128
    shards: Annotated[
        int,
        Meta(ge=1, le=1024),
        "Number of parts (shards) into which each batch is split, and the maximum number of threads per network.",
    ] = 2
    epochs: Annotated[Positive, "Number of epochs."] = 10
    ensemble_size: Annotated[int, Meta(ge=1, le=1000), "Number of networks to train, whose logits are averaged."] = 1
    negatives: Annotated[
        Share,
        "Number of negative examples (letters, pieces of digits), as a fraction of the training images; above 0, the "
        "network has a reject class for them.",
    ] = 0.0
    styles: Annotated[
        Share,
        "Number of digits drawn in the handwriting styles of several countries, as a fraction of the training images; "
        "no effect unless the classes are the ten digits.",
    ] = 0.0
    seed: Annotated[NonNegative, "Seed of all random numbers."] = 1
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        check_values(self)
        object.__setattr__(self, "layers", format_layers(self.layers))  # equal layers are equal recipes

    def count_batches(self, images: int) -> int:
        """Return the number of batches of an epoch."""
        return -(-images // self.batch_size)


def override(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """Return the recipe with the values of `changes`; None and unknown names are ignored. Raises UsageError.

    The names include those of the fields of `Augmentation`.
    """

    def changed(part: Recipe | Augmentation) -> dict[str, Any]:
        names = {each.name for each in fields(part)}
        return {name: value for name, value in changes.items() if name in names and value is not None}

    return replace(recipe, **changed(recipe), augmentation=replace(recipe.augmentation, **changed(recipe.augmentation)))


def to_dict(recipe: Recipe) -> dict[str, Any]:
    """Return all values by name, including those of the augmentation, as `override` takes them."""
    values = asdict(recipe)
    augmentation = values.pop("augmentation")
    return {**values, **augmentation}
