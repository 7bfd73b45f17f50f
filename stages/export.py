"""Write the model in formats that other programs, and people, read."""

from pathlib import Path
from typing import Annotated

from typer import Option

from pipeline.engine.stage import Input, Output, stage
from stages.cli.console import run_module


@stage(
    packages=("handwriting", "numpy", "scipy", "onnx", "protobuf", "safetensors", "jinja2", "pyyaml"),
    extra_files=tuple(
        f"pipeline/pages/templates/{name}"
        for name in ("*.js", "style.css", "drawing.css", "drawing.html", "model_card.md")
    ),
)
def export(
    train: Annotated[Input, Option(help="The model.")] = Path("artifacts/train"),
    evaluate: Annotated[Input, Option(help="How good it is.")] = Path("artifacts/evaluate"),
    output: Annotated[Output, Option(help="Where the files go.")] = Path("artifacts/export"),
) -> str:
    """Write the model as ONNX, as safetensors and as a page to draw on, and its card.

    Each tells its class names and test accuracy. The card, MODEL_CARD.md, says how the model was made and what its
    limits are.

    Examples:
        handwriting export
        handwriting export --output my-model
    """
    from pipeline.evaluation.metrics import load_metrics
    from pipeline.model.files import load_model
    from pipeline.model.metadata import describe_model
    from pipeline.model.onnx import save_onnx
    from pipeline.model.safetensors import save_safetensors
    from pipeline.pages.drawing import save_drawing_page
    from pipeline.pages.model_card import make_model_card

    model = load_model(train)
    metrics = load_metrics(evaluate)
    metadata = describe_model(model, metrics.accuracy, metrics.images)
    files = [output / "model.onnx", output / "model.safetensors", output / "index.html"]
    save_onnx(files[0], model, metadata)
    save_safetensors(files[1], model, metadata)
    lacking = save_drawing_page(files[2], model, metrics.accuracy, metrics.images)
    (output / "MODEL_CARD.md").write_text(make_model_card(model, train, evaluate), encoding="utf-8")
    sizes = ", ".join(f"{file.name} {file.stat().st_size / 1e6:.2f} MB" for file in files)
    return f"{sizes} ({lacking})" if lacking else sizes


if __name__ == "__main__":
    run_module(export)
