"""A network that can read."""

from pathlib import Path

import pytest

from pipeline.model.files import Model, load_model


@pytest.fixture(scope="session")
def reader(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """It has learned from the sample for long enough to read 95 % of its test images."""
    from stages.train import train

    output = tmp_path_factory.mktemp("reader") / "artifacts" / "train"
    train(normalize=built / "normalize", recipe="standard", epochs=30, output=output)
    return load_model(output)
