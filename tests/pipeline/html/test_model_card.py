"""The model card: its text, its front matter, its examples and its command."""

import json
import re
import shlex
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huggingface_hub import ModelCard, ModelCardData
from markdown_it import MarkdownIt

from pipeline.data.sources.catalogue import DATASETS
from pipeline.engine.artifacts import read_manifest
from pipeline.engine.errors import PipelineError
from pipeline.engine.variables import parse_variables
from pipeline.html.model_card import make_model_card
from pipeline.model.metrics import load_metrics
from pipeline.model.model import load_model, load_training
from stages.download import download
from stages.evaluate import evaluate
from stages.export import export
from stages.normalize import normalize
from stages.parse import parse
from stages.shared.recipe_options import resolve
from stages.train import train
from tests.processes import ROOT
from tests.stages.common import write_custom_dataset

pytestmark = pytest.mark.slow
NASTY = ("a|b", "`c`", "<script>alert(1)</script>", "[x](y) *z* $w$ \\| &lt;")


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Artifacts of an ensemble trained by the mean squared error on a custom data set; some classes have no images."""
    at = tmp_path_factory.mktemp("nasty")
    folder = write_custom_dataset(at / "mine")
    (folder / "class-names.txt").write_text("\n".join(NASTY) + "\n", encoding="utf-8")
    download(dataset="custom", from_folder=folder, output=at / "download")
    parse(download=at / "download", output=at / "parse")
    normalize(parse=at / "parse", validation=9, output=at / "normalize")
    train(normalize=at / "normalize", recipe="original", ensemble_size=3, epochs=2, layers="5,4", output=at / "train")
    evaluate(normalize=at / "normalize", train=at / "train", output=at / "evaluate")
    export(normalize=at / "normalize", train=at / "train", evaluate=at / "evaluate", output=at / "export")
    return at


@pytest.fixture(scope="module")
def convolutional(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    at = tmp_path_factory.mktemp("convolutional")
    (at / "parse").symlink_to(built / "parse")
    layers = "conv4,conv6x3/1,8"
    normalize = at / "normalize"
    normalize.symlink_to(built / "normalize")
    train(normalize=normalize, recipe="quick", epochs=1, layers=layers, negatives=0.1, output=at / "train")
    evaluate(normalize=normalize, train=at / "train", output=at / "evaluate")
    export(normalize=normalize, train=at / "train", evaluate=at / "evaluate", output=at / "export")
    return at


def card_of(artifacts: Path) -> str:
    return (artifacts / "export/MODEL_CARD.md").read_text(encoding="utf-8")


def card_for(artifacts: Path, dataset: str) -> str:
    """Return the card of the model as if it was trained on `dataset`."""
    model = replace(load_model(artifacts / "train"), dataset=dataset)
    confusion = np.load(artifacts / "evaluate/confusion.npy")
    return make_model_card(model, load_training(artifacts / "train"), load_metrics(artifacts / "evaluate"), confusion)


def test_hugging_face_parses_front_matter(built: Path) -> None:
    data = ModelCard(card_of(built)).data
    metrics = json.loads((built / "evaluate/metrics.json").read_text())
    assert isinstance(data, ModelCardData) and data.eval_results
    assert (data.license, data.library_name, data.pipeline_tag) == ("mit", "onnx", "image-classification")
    assert data.datasets == ["ylecun/mnist"]
    measured = {result.metric_type: result.metric_value for result in data.eval_results}
    assert measured["accuracy"] == metrics["accuracy"]
    assert measured["nll"] == pytest.approx(metrics["negative_log_likelihood"], abs=1e-6)
    assert measured["f1"] == pytest.approx(np.mean([one["f1"] for one in metrics["classes"].values()]), abs=1e-6)
    assert {(r.task_type, r.dataset_type, r.dataset_split) for r in data.eval_results} == {
        ("image-classification", "ylecun/mnist", "test")
    }


def test_card_of_custom_data_has_no_licence_and_no_hub_id(nasty: Path) -> None:
    data = ModelCard(card_of(nasty)).data.to_dict()
    assert data.keys().isdisjoint({"license", "datasets"})
    assert "Add the terms of your data set here" in card_of(nasty)
    assert "Citation" not in card_of(nasty)


ALL = ("built", "nasty", "convolutional")


@pytest.mark.parametrize(
    ("library", "source", "which"),
    [
        *(("onnxruntime", "card", which) for which in ALL),
        *(("torch", "card", which) for which in ALL),
        ("onnxruntime", "docs", "built"),
    ],
)
def test_examples_predict_same_probabilities_as_evaluation(
    which: str, library: str, source: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: Any
) -> None:
    pytest.importorskip(library)
    artifacts: Path = request.getfixturevalue(which)
    page = card_of(artifacts) if source == "card" else (ROOT / "docs/use/export.md").read_text(encoding="utf-8")
    (example,) = (code for code in re.findall(r"```python\n(.*?)```", page, re.S) if f"import {library}" in code)
    names: dict[str, Any] = {}
    if source == "card":  # it has an image of its own
        example, count = re.subn(r"^images = .*\n", "", example, flags=re.M)
        assert count == 1
        names["images"] = np.load(artifacts / "parse/test-images.npy")
    (tmp_path / "artifacts").symlink_to(artifacts)
    monkeypatch.chdir(artifacts / "export" if source == "card" else tmp_path)
    exec(example, names)
    expected = np.load(artifacts / "evaluate/probabilities.npy")
    np.testing.assert_allclose(names["probabilities"], expected, atol=1e-5)
    assert source == "docs" or np.array_equal(names["labels"], expected.argmax(axis=1))


def variables(card: str) -> dict[str, str]:
    (line,) = re.findall(r"^\$ make export (.*)$", card, re.M)
    return dict(word.split("=", 1) for word in shlex.split(line))


def test_command_reproduces_the_parameters(convolutional: Path) -> None:
    given = variables(card_of(convolutional))
    assert given.pop("DATASET") == "sample"
    assert set(given) == {"RECIPE", "EPOCHS", "LAYERS", "NEGATIVES"}
    arguments = parse_variables(train, given)
    wanted = read_manifest(convolutional / "train").provenance.parameters
    assert resolve({name: arguments[name] for name in train.parameters}) == wanted


def test_class_names_are_escaped_in_tables(nasty: Path) -> None:
    page = MarkdownIt("commonmark").enable("table").render(card_of(nasty).split("---\n", 2)[2])
    assert "<script" not in page
    rows = [re.findall(r"<td>(.*?)</td>", row, re.S) for row in re.findall(r"<tr>(.*?)</tr>", page, re.S)]
    cells = [row[0] for row in rows if len(row) == 5]
    assert [unescape(cell) for cell in cells] == list(NASTY)


@pytest.mark.parametrize("dataset", ["fashion-mnist", "custom"])
def test_card_of_other_data_does_not_mention_digits(dataset: str, built: Path) -> None:
    card = card_for(built, dataset)
    assert "digit" not in card.lower()
    assert "NIST" not in card.replace("Fashion-MNIST", "")


@pytest.mark.parametrize("dataset", DATASETS)
def test_card_names_licence_owner_and_paper_of_the_data(dataset: str, built: Path) -> None:
    card, terms = card_for(built, dataset), DATASETS[dataset].terms
    (result,) = ModelCard(card).data.to_dict()["model-index"][0]["results"]
    assert result["dataset"]["name"] == DATASETS[dataset].title
    assert terms is not None
    assert terms.licence in card and terms.owner in card and terms.paper in card


def test_card_contains_the_metrics(built: Path) -> None:
    metrics = json.loads((built / "evaluate/metrics.json").read_text())
    card = card_of(built)
    low, high = metrics["accuracy_interval_95"]
    assert f"**{metrics['accuracy']:.2%}** (95% interval {low:.2%} to {high:.2%})" in card
    seven = metrics["classes"]["7"]
    assert f"| 7 | {seven['precision']:.2%} | {seven['recall']:.2%} | {seven['f1']:.2%} | {seven['images']} |" in card
    recalls = {name: one["recall"] for name, one in metrics["classes"].items()}
    best, worst = (choose(recalls, key=recalls.__getitem__) for choose in (max, min))
    assert f"{recalls[best]:.2%} for " in card and f", {recalls[worst]:.2%} for {worst}." in card


@pytest.mark.parametrize("which", ["built", "nasty", "convolutional"])
def test_card_contains_number_of_parameters_and_kind_of_network(which: str, request: pytest.FixtureRequest) -> None:
    artifacts: Path = request.getfixturevalue(which)
    tags = ModelCard(card_of(artifacts)).data.to_dict()["tags"]
    kind = "convolutional-neural-network" if which == "convolutional" else "multilayer-perceptron"
    assert [each for each in tags if "neural-network" in each or "perceptron" in each] == [kind]
    count = sum(np.load(file).size for file in artifacts.glob("train/*.npy"))
    assert f"{count:,} parameters" in card_of(artifacts)


def test_values_of_the_recipe_are_checked_and_styles_are_of_digits(built: Path) -> None:
    model, training, metrics = (
        load_model(built / "train"),
        load_training(built / "train"),
        load_metrics(built / "evaluate"),
    )
    letters = replace(model, class_names=tuple("abcdefghij"))
    for each, count in ((model, 1), (letters, 0)):
        card = make_model_card(each, {**training, "styles": 0.5}, metrics, np.eye(10, dtype=int))
        assert card.count("- Digits in the styles of several countries") == count
    with pytest.raises(PipelineError, match="epochs"):
        make_model_card(model, {**training, "epochs": 0}, metrics, np.eye(10, dtype=int))
