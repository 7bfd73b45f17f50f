"""A model for reading digits."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from threadpoolctl import threadpool_limits

from pipeline.model.files import Model, load_model


@pytest.fixture(scope="session")
def reader(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A model trained on the sample in a few seconds, with a test accuracy of 97%."""
    from stages.train import train

    output = tmp_path_factory.mktemp("reader") / "artifacts" / "train"
    changes: dict[str, Any] = {"layers": "conv16,conv64,128", "epochs": 8, "batch_size": 32}
    train(parse=built / "parse", normalize=built / "normalize", recipe="standard", output=output, **changes)
    return load_model(output)


@pytest.fixture(scope="module", autouse=True)
def _single_threaded_blas() -> Iterator[None]:
    """As in `classify`: its matrix products are too small for several threads."""
    with threadpool_limits(1, "blas"):
        yield
