from pipeline.data.catalogue import DATASETS
from tests.processes import ROOT


def licence_items() -> list[str]:
    """The items of LICENSE on data sets, one line each."""
    _, _, of_data = (ROOT / "LICENSE").read_text(encoding="utf-8").partition("The licence above covers the software")
    return [" ".join(item.split()) for item in of_data.split("\n- ")[1:]]


def test_licence_file_equals_catalogue() -> None:
    known = {dataset.terms for dataset in DATASETS.values()}
    items = licence_items()
    assert len(items) == len(known) + 1  # the Hershey fonts
    for terms in known:
        assert terms is not None
        (item,) = (item for item in items if terms.owner in item)
        assert f"{terms.licence} licence" in item
        version = terms.identifier.rpartition("-")[2]
        assert version in terms.licence.lower()


def test_every_data_set_is_in_the_licence_file() -> None:
    for dataset in DATASETS.values():
        title = dataset.title if dataset.name != "sample" else "pipeline/data/sample/"
        assert any(item.startswith(title) or title in item.partition(":")[0] for item in licence_items())
