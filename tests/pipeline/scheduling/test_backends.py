import pytest

from pipeline.engine.errors import UsageError
from pipeline.scheduling.backends import Backend


def test_backend_from_name_or_address() -> None:
    assert not Backend("processes", 2).is_cluster
    assert Backend("tls://host.example:8786").is_cluster


@pytest.mark.parametrize("scheduler", ["", "thread", "localhost", "localhost:8786", "tcp://host", "http://host:8786"])
def test_invalid_scheduler_is_rejected(scheduler: str) -> None:
    with pytest.raises(UsageError):
        Backend(scheduler)


def test_workers_of_a_cluster_are_not_started_here() -> None:
    with pytest.raises(UsageError, match="leave --workers out"):
        Backend("tcp://host:1", 3)
