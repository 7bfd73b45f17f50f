from pathlib import Path

import pytest

from pipeline.engine.errors import UsageError
from pipeline.scheduling.backends import Backend, find_backend


def test_a_name_an_address_or_a_file_tells_the_place() -> None:
    assert find_backend("threads", 3) == Backend("threads", 3)
    assert find_backend("tls://host.example:8786").is_cluster
    assert find_backend("threads", None, Path("scheduler.json")) == Backend("", None, Path("scheduler.json"))
    assert not find_backend("distributed", 2).is_cluster


@pytest.mark.parametrize("scheduler", ["", "thread", "localhost", "localhost:8786", "tcp://host", "http://host:8786"])
def test_what_is_no_scheduler_is_refused(scheduler: str) -> None:
    with pytest.raises(UsageError, match="is not one of threads, processes, sync, distributed, nor an address"):
        find_backend(scheduler)


def test_a_cluster_has_its_own_workers_and_only_there_data_travel() -> None:
    with pytest.raises(UsageError, match="leave --workers out"):
        find_backend("tcp://host:1", 3)
    for scheduler in ("threads", "processes", "distributed"):
        with pytest.raises(UsageError, match="shipped to the workers of a cluster"):
            find_backend(scheduler, ship=True)
    assert find_backend("threads", None, Path("scheduler.json"), ship=True).ship
