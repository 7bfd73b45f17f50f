"""The header of a model: what it is besides its arrays. In every format, it is the same JSON."""

import json
from dataclasses import asdict, dataclass
from typing import Annotated

from msgspec import Meta

from pipeline.data.dataset import Description
from pipeline.data.scaling import Scaling
from pipeline.engine.documents import Count, Positive, Share
from pipeline.network.activations import ACTIVATIONS
from pipeline.network.architecture import build_layers, find_window, format_network
from pipeline.network.layer import Layer
from pipeline.network.losses import LOSSES
from pipeline.pictures.ink import InkStatistics

HEADER = "model"  # its key in the metadata of ONNX and safetensors
EXTRA = 9  # outputs by column besides the classes: a space, other writing, six separators and, last, the blank of CTC


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a model is besides its arrays. Raises ValueError or PipelineError for values that do not fit together.

    layers: hidden layers, as in conv16,conv64,128. scaling: scaling of raw pixels. image_shape: (height, width).
    dataset: name of the training data. negative_class: whether the networks have one more output, for images of no
    class. sliding: whether the model is slid over the local contrast of pictures, rather than given images of the
    training set. by_column: whether the network has outputs for each column of a strip of writing, the classes and
    EXTRA more. temperature: divisor of the logits before softmax. ink_statistics: usual size and stroke widths of the
    ink in the training images. validation_accuracy: accuracy in [0, 1] on validation images, of a sliding model on
    the middles of composed strips, by column on their texts; 0 if it was not measured. test_accuracy: accuracy in
    [0, 1] on `test_images` images, None if it was not measured. ensemble_size: number of networks. row: second model
    of a sliding model, with outputs by column, which reads the rows in which the first one finds digits; None for
    others.
    """

    layers: str
    activation: str
    loss: str
    scaling: Scaling
    image_shape: tuple[Positive, Positive]
    class_names: tuple[str, ...]
    dataset: str
    negative_class: bool = False
    sliding: bool = False
    by_column: bool = False
    temperature: Annotated[float, Meta(ge=0.01, le=100)] = 1.0
    ink_statistics: InkStatistics = InkStatistics()  # noqa: RUF009, it is frozen
    validation_accuracy: Share = 0.0
    test_accuracy: Share | None = None
    test_images: Count = 0
    ensemble_size: Annotated[int, Meta(ge=1, le=1000)] = 1
    row: "Header | None" = None

    def __post_init__(self) -> None:
        Description(self.dataset, self.class_names)  # raises DatasetError
        for name, choices in (("activation", ACTIVATIONS), ("loss", LOSSES)):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}")
        self.make_layers()  # raises UsageError
        kind = self.ensemble_size, self.negative_class
        if self.sliding and (kind != (1, True) or self.image_shape != find_window(self.layers)):
            raise ValueError("a model that slides must be one network with an output for nothing, given its window")
        if self.by_column and (kind != (1, False) or self.sliding):
            raise ValueError("a model with outputs by column must be one network that does not slide")
        thin = self.ink_statistics.thin
        if thin > 2 * max(self.image_shape):  # more than `measure_stroke_widths` can return
            raise ValueError(f"strokes at least {thin} pixels wide do not fit images of {self.image_shape} pixels")
        if self.sliding != (self.row is not None):
            raise ValueError("a model that slides must have a second one for rows, and no other model has one")
        if self.row and (not self.row.by_column or self.row.class_names != self.class_names):
            raise ValueError("a model for rows must have outputs by column, and the classes of the first one")

    def make_layers(self) -> tuple[Layer, ...]:
        """Return the layers of each network. Raises UsageError if they do not fit the images."""
        return build_layers(self.layers, self.activation, self.image_shape, self.outputs, self.by_column)

    @property
    def outputs(self) -> int:
        """The number of outputs of each network, or of each column: the classes, and those that are no class."""
        return len(self.class_names) + (EXTRA if self.by_column else self.negative_class)

    @property
    def architecture(self) -> str:
        """Layers from image size to number of classes, as in 28x28-conv16-conv64-128-10."""
        return format_network(self.layers, self.image_shape, self.outputs)


def format_header(header: Header) -> str:
    """Return the header as JSON in one line. Raises ValueError if it contains NaN or infinity."""
    return json.dumps(asdict(header), ensure_ascii=False, allow_nan=False)
