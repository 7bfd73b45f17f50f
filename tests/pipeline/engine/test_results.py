"""The list of results, and their names: links that `prune` respects."""

import shutil
from pathlib import Path

import pytest

from pipeline.engine import store
from pipeline.engine.results import list_results, prune, read_results
from tests.make.common import copy
from tests.pipeline.engine.garden import plant, water


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with three results of plant, of which the last is published, and one of water."""
    folder = tmp_path_factory.mktemp("grown")
    for number in (1, 2, 3):
        plant(output=folder / "plant", number=number)
    water(plant=folder / "plant", output=folder / "water")
    return folder


@pytest.fixture
def folder(grown: Path, tmp_path: Path) -> Path:
    """Return a copy of it for one test."""
    return copy(grown, tmp_path / "grown")


def test_results_are_listed_oldest_first_without_damaged_ones(folder: Path) -> None:
    results = list_results(folder, "plant")
    assert [result.manifest.summary for result in results] == ["1 numbers", "2 numbers", "3 numbers"]
    (results[1].entry / "manifest.json").write_text("{")
    (results[2].entry / "manifest.json").unlink()
    assert list_results(folder, "plant") == results[:1]
    assert list_results(folder / "nowhere", "plant") == []


def test_names_are_the_other_links_to_the_entry(folder: Path) -> None:
    first, _, third = (result.entry for result in list_results(folder, "plant"))
    for name in ("wide", "best", ".hidden"):
        (folder / name).symlink_to(Path(".store") / first.name)
    (folder / "elsewhere").symlink_to("wide")
    found = list_results(folder, "plant")
    assert [result.names for result in found] == [("best", "wide"), (), ()]
    assert [result.published for result in found] == [False, False, True]
    assert [f"plant-{result.id}" for result in found[::2]] == [first.name, third.name]
    copy = Path(shutil.copytree(first, folder / "elsewhere.d"))
    assert read_results([copy])[0].id == found[0].id


def test_named_result_is_not_pruned_until_its_link_is_removed(folder: Path) -> None:
    first, second, third = (result.entry for result in list_results(folder, "plant"))
    store.publish_result(first, folder / "wide")
    assert store.entry_at(folder / "wide") == first
    assert list(prune(folder, keep=1)) == [second.name]
    (folder / "wide").unlink()
    assert list(prune(folder, keep=1)) == [first.name]
    assert third.exists()


def test_results_that_were_restored_last_are_kept(folder: Path) -> None:
    first, second, third = (result.entry for result in list_results(folder, "plant"))
    for entry in (first, third):
        store.publish_result(entry, folder / "plant")
    assert list(prune(folder, keep=2)) == [second.name]


@pytest.mark.slow
@pytest.mark.parametrize("owned", [True, False])
def test_results_that_are_published_or_named_in_another_clone_with_the_same_store_are_kept(
    owned: bool, tmp_path: Path
) -> None:
    clones = [tmp_path / "a", tmp_path / "b", tmp_path / "c"]
    (tmp_path / ("a/.store" if owned else "disk")).mkdir(parents=True)
    for clone in clones[owned:]:
        clone.mkdir()
        (clone / ".store").symlink_to("../a/.store" if owned else "../disk")
    for number, clone in enumerate(clones, start=1):
        plant(output=clone / "plant", number=number)
    plant(output=clones[1] / "plant", number=4)
    plant(output=clones[2] / "plant", number=5)
    store.publish_result(store.entry_at(clones[2] / "plant"), clones[2] / "wide")
    plant(output=clones[2] / "plant", number=3)
    for clone in clones:
        prune(clone, keep=1)
        assert [each.manifest.summary[0] for each in list_results(clone, "plant")] == ["1", "3", "4", "5"]
        assert all((each / "plant/numbers.npy").exists() for each in clones)
    shutil.rmtree(clones[2])
    shutil.copytree(clones[1], tmp_path / "copy", symlinks=False)  # has a store of its own
    prune(tmp_path / "copy", keep=0)
    prune(clones[0], keep=1)
    assert [each.manifest.summary[0] for each in list_results(clones[0], "plant")] == ["1", "4"]


def name_while_prune_works(folder: Path, entry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the name between prune's first look at the links and the deletion."""
    size = store.size

    def measure(unused: Path) -> int:
        store.publish_result(entry, folder / "wide")
        return size(unused)

    monkeypatch.setattr(store, "size", measure)


@pytest.mark.parametrize("late", [False, True])
def test_results_computed_from_a_named_result_are_kept(
    late: bool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, _ = (result.entry for result in list_results(folder, "plant"))
    for entry in (first, second):
        water(plant=entry, output=folder / "water")
    water(plant=folder / "plant", output=folder / "water")
    wet, dry, _ = (
        next(each for each in list_results(folder, "water") if each.manifest.provenance.inputs["plant"] == digest)
        for digest in (result.manifest.digest for result in list_results(folder, "plant"))
    )
    if late:
        name_while_prune_works(folder, first, monkeypatch)
    else:
        store.publish_result(first, folder / "wide")
    removed = prune(folder, keep=1, computed_from={"water": "plant"})
    assert (first.name in removed, wet.entry.name in removed) == (False, False)
    assert (second.name in removed, dry.entry.name in removed) == (True, True)
    (folder / "wide").unlink()
    monkeypatch.undo()
    assert set(prune(folder, keep=1, computed_from={"water": "plant"})) == {first.name, wet.entry.name}
