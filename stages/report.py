"""Write a page that shows how well the network reads, where it errs, and how it came about."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from typer import Option

from pipeline.engine.stage import Input, Output, stage
from stages.cli.console import run_module


def resolve(given: Mapping[str, Any]) -> dict[str, str]:
    """The place of the other trainings does not count, but what there is to say of them does."""
    from pipeline.pages.runs import digest_runs

    return {"runs": digest_runs(given["artifacts"])}


def watch(given: Mapping[str, Any]) -> list[str]:
    """The results that `resolve` reads."""
    from pipeline.engine.status import watch_runs
    from pipeline.pages.runs import STAGES

    return [watch_runs(given["artifacts"] / stage, stage) for stage in STAGES]


@stage(
    packages=("numpy", "scipy", "matplotlib", "pillow", "jinja2"),
    resolve=resolve,
    watch=watch,
    extra_files=tuple(f"pipeline/pages/templates/{name}" for name in ("report.html", "report.css", "style.css")),
)
def report(
    parse: Annotated[Input, Option(help="The raw arrays.")] = Path("artifacts/parse"),
    normalize: Annotated[Input, Option(help="The standardised arrays.")] = Path("artifacts/normalize"),
    train: Annotated[Input, Option(help="The model.")] = Path("artifacts/train"),
    evaluate: Annotated[Input, Option(help="How good it is.")] = Path("artifacts/evaluate"),
    artifacts: Annotated[Path, Option(help="The folder with the results, earlier ones too.")] = Path("artifacts"),
    output: Annotated[Output, Option(help="Where the page goes.")] = Path("artifacts/report"),
) -> str:
    """Write a page, index.html, that shows how well the network reads, where it errs, and how it came about.

    It also sets the training beside all others that the store still has. It holds all that it shows, so it opens from
    a disk. The durations are those of when it was made.

    Examples:
        handwriting report
    """
    import numpy as np

    from pipeline.data.labels import load_labels
    from pipeline.engine.arrays import open_rows, read_array, read_rows
    from pipeline.engine.artifacts import find_artifact
    from pipeline.engine.errors import PipelineError, UsageError
    from pipeline.model.files import load_model
    from pipeline.training.history import read_history
    from pipeline.training.recipes import Recipe, override

    try:
        import matplotlib  # noqa: F401
    except ValueError as error:
        raise PipelineError(f"Matplotlib cannot read its configuration ({error}): correct matplotlibrc") from None
    from pipeline.pages.report import BENT_IMAGES, Findings, render_report
    from pipeline.pages.runs import list_trainings

    folders = {"parse": parse, "normalize": normalize, "train": train, "evaluate": evaluate}
    manifests = {name: find_artifact(folder, name) for name, folder in folders.items()}
    model = load_model(train)
    classes = len(model.class_names)
    try:
        recipe_name = manifests["train"].provenance.parameters["recipe"]
        recipe = override(Recipe(), manifests["train"].provenance.parameters)
    except (KeyError, UsageError, TypeError) as error:
        raise PipelineError(f"{train / 'manifest.json'} tells no recipe ({error}): run the stage train again") from None

    images = read_array(parse / "test-images.npy", np.uint8, (None, *model.image_shape))
    labels = load_labels(parse / "test-labels.npy", len(images), classes)
    probabilities = read_array(evaluate / "probabilities.npy", np.float32, (len(images), classes))
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise PipelineError(f"{evaluate / 'probabilities.npy'} holds no probabilities: run the stage evaluate again")
    training = open_rows(parse / "train-images.npy", np.uint8, (None, *model.image_shape))
    parts = {
        part: len(open_rows(normalize / f"{part}-labels.npy", np.uint8, (None,))) for part in ("train", "validation")
    }
    training_labels = load_labels(parse / "train-labels.npy", len(training), classes)[: parts["train"]]
    _, firsts = np.unique(training_labels, return_index=True)  # the first of each class
    samples = [read_rows(training, first, first + 1) for first in firsts[:BENT_IMAGES]]

    page = render_report(
        Findings(
            model=model,
            recipe_name=recipe_name,
            recipe=recipe,
            trained=manifests["train"],
            counts={"training": parts["train"], "validation": parts["validation"], "test": len(images)},
            seconds={name: manifest.seconds for name, manifest in manifests.items()},
            history=read_history(train / "history.csv"),
            images=images,
            labels=labels,
            probabilities=probabilities,
            samples=np.concatenate(samples),
            trainings=list_trainings(artifacts, manifests["train"], train),
        )
    )
    file = output / "index.html"
    file.write_text(page, encoding="utf-8")
    return f"{file.name} {file.stat().st_size / 1e6:.2f} MB"


if __name__ == "__main__":
    run_module(report)
