"""Apply a function to a sequence of items in processes of this machine, in order and in bounded memory."""

import contextlib
import multiprocessing
import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any

from pipeline.engine.errors import PipelineError

AHEAD = 4  # items per process that may be done before their turn
PATIENCE = 5  # seconds that a process has to finish its item at the end
# Ctrl-C and the end of a terminal session reach all processes; only the first one reacts.
BLOCKED = (signal.SIGINT, signal.SIGHUP)


def map_in_processes(
    function: Callable[[Any], Any], items: Sequence[Any], processes: int
) -> Generator[Any, None, None]:
    """Yield function(item) of each item, in order.

    function: picklable, as are items and results. Raises what the function raises, and PipelineError if a process is
    lost. When the generator is closed, each process finishes its item.
    """
    with _start(function, processes) as idle:
        busy: dict[Connection, int] = {}
        results: dict[int, tuple[Exception | None, Any]] = {}
        sent = 0
        for index in range(len(items)):
            while True:
                while idle and sent < min(len(items), index + AHEAD * processes):
                    connection = idle.pop()
                    _send(connection, items[sent])
                    busy[connection] = sent
                    sent += 1
                if index in results:
                    break
                for ready in wait(busy):
                    assert isinstance(ready, Connection)
                    results[busy.pop(ready)] = _receive(ready)
                    idle.append(ready)
            error, value = results.pop(index)
            if error:
                raise error
            yield value


@contextlib.contextmanager
def _start(function: Callable[[Any], Any], processes: int) -> Iterator[list[Connection]]:
    """Start the processes and send them the function; yield the connections to them. Stop them at the end."""
    context = multiprocessing.get_context("spawn")  # a fork would copy locks that other threads hold
    started, connections = [], []
    resource_tracker.ensure_running()  # it would unblock the signals when the first process starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, BLOCKED)  # inherited
    try:
        for _ in range(processes):
            ours, theirs = context.Pipe()
            connections.append(ours)
            process = context.Process(target=_work, args=(theirs,), daemon=True)
            process.start()
            theirs.close()
            started.append(process)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for connection in connections:
            _send(connection, function)
        yield list(connections)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for connection in connections:
            connection.close()
        for process in started:
            process.join(PATIENCE)
            process.terminate()


def _work(connection: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):  # the first process has ended, or needs no more results
        try:
            function = connection.recv()
        except Exception as error:  # its module cannot be imported
            connection.send((error, None))
            return
        while True:
            item = connection.recv()
            try:
                result: tuple[Exception | None, Any] = (None, function(item))
            except Exception as error:
                result = (error, None)
            connection.send(result)


def _send(connection: Connection, value: Any) -> None:
    with contextlib.suppress(BrokenPipeError):  # `_receive` reports it
        connection.send(value)


def _receive(connection: Connection) -> tuple[Exception | None, Any]:
    try:
        error, value = connection.recv()
    except (EOFError, ConnectionError):
        raise PipelineError("a process of this command was killed: is there enough memory?") from None
    return error, value
