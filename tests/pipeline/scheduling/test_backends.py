from pathlib import Path

import pytest

from pipeline.engine.errors import UsageError
from pipeline.scheduling.backends import Backend, make_backend


def test_backend_from_name_address_or_scheduler_file() -> None:
    assert make_backend("threads", 3) == Backend("threads", 3)
    assert make_backend("tls://host.example:8786").is_cluster
    assert make_backend("threads", None, Path("scheduler.json")) == Backend("", None, Path("scheduler.json"))
    assert not make_backend("distributed", 2).is_cluster


@pytest.mark.parametrize("scheduler", ["", "thread", "localhost", "localhost:8786", "tcp://host", "http://host:8786"])
def test_invalid_scheduler_is_rejected(scheduler: str) -> None:
    with pytest.raises(UsageError, match="is not one of threads, processes, sync, distributed, nor an address"):
        make_backend(scheduler)


def test_workers_is_for_local_and_send_data_for_cluster_backends() -> None:
    with pytest.raises(UsageError, match="leave --workers out"):
        make_backend("tcp://host:1", 3)
    for scheduler in ("threads", "processes", "distributed"):
        with pytest.raises(UsageError, match="--send-data needs a cluster"):
            make_backend(scheduler, send_data=True)
    assert make_backend("threads", None, Path("scheduler.json"), send_data=True).send_data
