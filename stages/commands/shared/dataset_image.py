"""Classify one test image of the data set, for `classify --test-image`."""

from pathlib import Path


def classify_test_image(index: int, parse: Path, folder: Path | None) -> str:
    """Return the probabilities of all classes and the true class of an image of `parse`.

    folder: of the model, see `load`.
    """
    import numpy as np

    from pipeline.data.dataset import load_description
    from pipeline.engine.arrays import open_array_file, read_array, read_entries
    from pipeline.engine.artifacts import find_artifact, require_intact
    from pipeline.engine.errors import PipelineError, UsageError
    from pipeline.engine.store import read_lock
    from pipeline.engine.threads import single_threaded_blas
    from pipeline.model.prediction import predict
    from pipeline.reader import load

    with read_lock(parse) as raw:
        require_intact(raw, find_artifact(raw, "parse", shown=parse), shown=parse)
        model, data = load(folder, pictures=False).model, load_description(raw)
        if (model.dataset, model.class_names) != (data.name, data.class_names):
            raise PipelineError(
                f"the model was trained on {model.dataset}, but {parse} contains {data.name}: run the stage train again"
            )
        images = open_array_file(raw / "test-images.npy", np.uint8, (None, *model.image_shape))
        labels = read_array(raw / "test-labels.npy", np.uint8, (len(images),))
        if index >= len(images):
            raise UsageError(f"there are {len(images):,} test images: the index goes up to {len(images) - 1}")
        image = read_entries(images, index, index + 1)
    with single_threaded_blas():  # as in evaluate, so that the results are bit-identical
        (output,) = predict(model, image, first=index)
    digit = int(output.argmax())
    width = max(map(len, model.class_names))
    lines = [
        *(f"{name:>{width}}  {p:.6f}" for name, p in zip(model.class_names, output, strict=True)),
        "",
        f"digit {model.class_names[digit]}, confidence {output[digit]:.2%}, truth {model.class_names[labels[index]]}",
    ]
    return "\n".join(lines)
