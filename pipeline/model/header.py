"""Properties of models besides their arrays, and the header that records them as the same JSON in every format."""

import json
from dataclasses import asdict, dataclass
from typing import Annotated

from pipeline.data.dataset import Description
from pipeline.data.ink import InkStatistics
from pipeline.data.scaling import Scaling
from pipeline.engine.documents import Meta, NonNegative, Positive, Share
from pipeline.network.activations import ACTIVATIONS
from pipeline.network.architecture import build_layers, format_network
from pipeline.network.layer import Layer
from pipeline.network.losses import LOSSES

HEADER_KEY = "model"  # its key in the metadata of ONNX and safetensors
SEPARATOR_CHARACTERS = ".,:/-'"  # characters within a number
# Outputs by column besides the classes: also a space, other writing and the blank of CTC.
EXTRA = len(SEPARATOR_CHARACTERS) + 3


@dataclass(frozen=True, kw_only=True)
class Properties:
    """The properties of every model besides its arrays.

    layers: hidden layers, as in conv16,conv64,128. scaling: scaling of raw pixels. image_shape: (height, width).
    dataset: name of the training data. temperature: divisor of the logits before softmax. ink_statistics: usual size
    and stroke widths of the ink in the training images. validation_accuracy: accuracy in [0, 1] on validation images,
    of a detector on the middles of synthetic line images, of a recogniser on their texts; 0 if it was not measured.
    test_accuracy: accuracy in [0, 1] on `test_images` images, None if it was not measured.
    """

    layers: str
    activation: str
    loss: str
    scaling: Scaling
    image_shape: tuple[Positive, Positive]
    class_names: tuple[str, ...]
    dataset: str
    temperature: Annotated[float, Meta(ge=0.01, le=100)] = 1.0
    ink_statistics: InkStatistics = InkStatistics()  # noqa: RUF009, it is frozen
    validation_accuracy: Share = 0.0
    test_accuracy: Share | None = None
    test_images: NonNegative = 0


@dataclass(frozen=True, kw_only=True)
class Header(Properties):
    """A model without its arrays, as files record it: a detector if it has a row, otherwise a recogniser or classifier.

    negative_class: whether the networks have one more output, for images of no class, as that of a detector has.
    by_column: whether it is a recogniser, which has outputs for each column of a line of writing, the classes and EXTRA
    more. ensemble_size: number of networks, 1 unless the model classifies images. row: the recogniser for the rows that
    a detector finds. Raises ValueError or PipelineError for values that do not fit together.
    """

    negative_class: bool = False
    by_column: bool = False
    ensemble_size: Annotated[int, Meta(ge=1, le=1000)] = 1
    row: "Header | None" = None

    def __post_init__(self) -> None:
        Description(self.dataset, self.class_names)  # raises DatasetError
        for name, choices in (("activation", ACTIVATIONS), ("loss", LOSSES)):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}")
        self.make_layers()  # raises UsageError
        thin = self.ink_statistics.thin
        if thin > 2 * max(self.image_shape):  # more than `measure_stroke_widths` can return
            raise ValueError(f"strokes at least {thin} pixels wide do not fit images of {self.image_shape} pixels")
        if (self.by_column and (self.negative_class or self.row)) or (self.row and not self.negative_class):
            raise ValueError(
                "its header contradicts itself: only a detector has a row, and a recogniser rejects nothing"
            )
        if self.ensemble_size != 1 and (self.by_column or self.row):
            raise ValueError(f"a detector or a recogniser must have one network, not {self.ensemble_size}")

    @property
    def outputs(self) -> int:
        """The number of outputs of each network or column: one for each class, and those for no class."""
        return len(self.class_names) + (EXTRA if self.by_column else self.negative_class)

    def make_layers(self) -> tuple[Layer, ...]:
        """Return the layers of each network. Raises UsageError if they do not fit the images."""
        return build_layers(self.layers, self.activation, self.image_shape, self.outputs, self.by_column)

    @property
    def architecture(self) -> str:
        """The layers, from image size to number of classes, as in 28x28-conv16-conv64-128-10."""
        return format_network(self.layers, self.image_shape, self.outputs)


def format_header(header: Header) -> str:
    """Return the header as JSON in one line. Raises ValueError if it contains NaN or infinity."""
    return json.dumps(asdict(header), ensure_ascii=False, allow_nan=False)
