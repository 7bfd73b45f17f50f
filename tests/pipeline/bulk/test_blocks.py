import io
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.bulk.blocks import Request, Shared, read_block, read_picture, read_pictures
from pipeline.pictures.boxes import UNSURE_COLOUR
from pipeline.reader import PRETRAINED, PictureError, Reader, Result, load
from pipeline.scheduling.backends import SYNC, Backend
from tests.drawings import enlarge, sample_digits

CLUSTER = Backend("tcp://nowhere:1")
SENDING = Backend("tcp://nowhere:1", send_data=True)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return load(PRETRAINED)


@pytest.fixture
def pictures(tmp_path: Path) -> list[Request]:
    """Write pictures of the digits 7, 2, 1, 0; return a request for each."""
    requests = []
    for index in range(4):
        path = tmp_path / f"{index}.png"
        Image.fromarray(255 - enlarge(sample_digits()[0][index], 4)).save(path)
        requests.append(Request(path.name, path.name, path))
    return requests


def read(*requests: Request, reader: Reader, backend: Backend) -> list[Any]:
    return [result for results in read_pictures(reader, requests, backend) for result in results]


def texts(results: list[Any]) -> list[str]:
    return [result.text if isinstance(result, Result) else str(result) for result in results]


@pytest.mark.parametrize("scheduler", ["sync", "processes"])
def test_results_and_errors_are_in_the_order_of_the_requests(
    scheduler: str, reader: Reader, pictures: list[Request], tmp_path: Path
) -> None:
    missing = Request("none.png", "none.png", tmp_path / "none.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    broken = Request("broken.png", "broken.png", tmp_path / "broken.png")
    piped = Request("-", "-", io.BytesIO((tmp_path / "3.png").read_bytes()))
    requests = [*pictures * 4, missing, broken, piped]  # more than a block
    results = read(*requests, reader=reader, backend=Backend(scheduler, 2))
    single = texts([read_picture(reader, request) for request in pictures])
    assert len(set(single)) == 4
    found = texts(results)
    assert found[:16] == single * 4
    assert found[16].startswith("none.png does not exist")
    assert found[17].startswith("broken.png is not a picture")
    assert found[18:] == single[3:]


def record_tasks(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Run the tasks for a cluster in this process; return the list of its tasks."""
    tasks: list[Any] = []

    def run(job: Any, backend: Backend) -> Any:
        for index, task in enumerate(job.tasks):
            tasks.append(task)
            yield index, job.function(job.shared, pickle.loads(pickle.dumps(task)), print)

    monkeypatch.setattr("pipeline.bulk.blocks.iterate_job", run)
    return tasks


def test_contents_are_sent_to_workers_without_the_files(
    reader: Reader, pictures: list[Request], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = texts(read(*pictures, reader=reader, backend=SYNC))
    tasks = record_tasks(monkeypatch)
    assert texts(read(*pictures, reader=reader, backend=SENDING)) == expected
    assert [item.source.getvalue() for item in tasks[0]] == [(tmp_path / each.name).read_bytes() for each in pictures]


def test_file_that_only_a_worker_misses_ends_the_run(
    reader: Reader, pictures: list[Request], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_tasks(monkeypatch)
    assert isinstance(read(Request("x", "x", tmp_path / "x"), reader=reader, backend=CLUSTER)[0], PictureError)
    with pytest.raises(FileNotFoundError, match="2.png"):
        (tmp_path / "2.png").unlink()
        read_block(Shared(reader, True, 1), pictures, print)
    copied = Request("1.png", "1.png", tmp_path / "1.png", tmp_path / "copies" / "1.png")
    with pytest.raises(FileNotFoundError, match="copies"):
        read_block(Shared(reader, True, 1), [copied], print)
    read(copied, reader=reader, backend=CLUSTER)
    assert copied.copy
    assert copied.copy.exists()


def test_repeated_task_replaces_its_copies(reader: Reader, pictures: list[Request], tmp_path: Path) -> None:
    """The worker may have been killed while it wrote them."""
    request = Request("0.png", "0.png", tmp_path / "0.png", tmp_path / "copies" / "0.png")
    assert request.copy
    read_picture(reader, request)
    expected = request.copy.read_bytes()
    request.copy.write_bytes(expected[:100])
    (request.copy.parent / ".0.png.fresh").write_bytes(expected[:100])
    read_picture(reader, request)
    assert request.copy.read_bytes() == expected
    assert list(request.copy.parent.iterdir()) == [request.copy]


def test_copy_shows_where_a_digit_may_be_missing(
    tmp_path: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "blank.png"
    Image.new("L", (200, 200), 255).save(path)
    result = reader.read(path)
    assert result.text == ""
    likely = replace(result, possible=np.array([[50, 60, 90, 100]]))
    monkeypatch.setattr(Reader, "read", lambda *arguments: likely)
    read_picture(reader, Request("blank.png", "blank.png", path, tmp_path / "copy.png"))
    with Image.open(tmp_path / "copy.png") as copy:
        red = (np.asarray(copy) == UNSURE_COLOUR).all(axis=2)
    assert red[80].nonzero()[0].tolist() == [49, 90]
