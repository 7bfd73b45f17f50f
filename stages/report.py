"""Write the report: an HTML page with metrics, errors, training history and other runs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from typer import Option

from pipeline.engine.command import main
from pipeline.engine.stage import Input, Output, stage


def resolve(given: Mapping[str, Any]) -> dict[str, Any]:
    """Replace the path of the artifacts by a digest of each run in them."""
    from pipeline.training.stored_runs import digest_runs

    return {"runs": digest_runs(given["artifacts"])}


@stage(
    resolve=resolve,
    extra_files=(
        "pipeline/html/report/*.html",
        "pipeline/html/report/*.css",
        "pipeline/html/report/*.mplstyle",
        "pipeline/html/page.html",
        "pipeline/html/tokens.css",
    ),
)
def report(
    normalize: Annotated[Input, Option(help="Divided data, written by normalize.")] = Path("artifacts/normalize"),
    train: Annotated[Input, Option(help="Model folder, written by train.")] = Path("artifacts/train"),
    evaluate: Annotated[Input, Option(help="Metrics, written by evaluate.")] = Path("artifacts/evaluate"),
    artifacts: Annotated[Path, Option(help="Folder of all artifacts.")] = Path("artifacts"),
    output: Annotated[Output, Option(help="Output folder.")] = Path("artifacts/report"),
) -> str:
    """Write a report, index.html, with the metrics, the errors, the training history and a comparison with other runs.

    The page is a single file that works offline. It compares this run with the latest runs in the store.

    Examples:
        handwriting report
    """
    import numpy as np

    from pipeline.data.check import list_warnings, load_check
    from pipeline.data.split import load_split, read_pixels
    from pipeline.engine.artifacts import read_manifest
    from pipeline.engine.threads import single_threaded_blas
    from pipeline.html.report.report_page import ERROR_SAMPLES, Findings, render_report
    from pipeline.model.metrics import load_confusion, load_metrics, load_probabilities
    from pipeline.model.model import load_model
    from pipeline.training.stored_runs import list_training_runs

    model = load_model(train)
    split = load_split(normalize)
    _, first_of_class = np.unique(split.training.labels, return_index=True)

    with single_threaded_blas():
        page = render_report(
            Findings(
                model=model,
                runs=list_training_runs(artifacts, train),
                key=read_manifest(train).provenance.key,
                counts={"training": len(split.training), "validation": len(split.validation), "test": len(split.test)},
                images=read_pixels(normalize, "test"),
                labels=split.test.labels,
                metrics=load_metrics(evaluate, model.class_names),
                confusion=load_confusion(evaluate, len(model.class_names)),
                probabilities=load_probabilities(evaluate, len(split.test), len(model.class_names)),
                samples=read_pixels(normalize, "train", first_of_class[:ERROR_SAMPLES]),
                preparation=split.description.preparation,
                warnings=list_warnings(load_check(normalize, len(model.class_names)), model.class_names),
            )
        )
    file = output / "index.html"
    file.write_text(page, encoding="utf-8")
    return f"{file.name} {file.stat().st_size / 1e6:.2f} MB"


if __name__ == "__main__":
    main(report)
