"""Run a program: print results to stdout and errors as one line to stderr, and set the exit status."""

import contextlib
import errno
import io
import logging
import os
import sys
import traceback
from collections.abc import Callable, Generator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn, TextIO

from pipeline.engine import STAGES
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.signals import end, install_handlers, stop_requested
from pipeline.engine.terminal import paint, printable, shorten

OWN_PACKAGES = (__package__.partition(".")[0], STAGES)  # packages of the project
INTERRUPTED = 130  # 128 + SIGINT, as in shells
UNCHANGED = "Published results are unchanged"
ADVICE = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), ": free some space"),
    **dict.fromkeys((errno.EACCES, errno.EPERM), ": change its permissions, or those of its folder"),
    **dict.fromkeys((errno.ENOENT, errno.ENOTDIR), ": check the path"),
    errno.EROFS: ": work in a copy that you can write to",
}
# Modules whose frames stand above those of a stage in a traceback.
CALLERS = {Path(__file__).with_name(f"{name}.py") for name in ("command", "make", "plan", "program", "run", "stage")}
# Messages of other exceptions that mean a lack of memory: for a thread, for a shared library.
MEMORY_ERRORS = ("can't start new thread", "failed to map segment")


def run_program(run: Callable[[], int]) -> NoReturn:
    """Exit with the status that `run` returns; signals interrupt it."""
    install_handlers()
    end(run())


def run_command(name: str, work: Callable[[], object]) -> int:
    """Call `work`, print the string or the lines that it returns, and return the exit status.

    Lines of an iterator are printed immediately. The status is 0 for success, 1 for failure, 2 for wrong usage, 130 for
    an interruption. A traceback appears only for bugs.

    name: begins the line that reports an error.
    """

    def fail(message: str, status: int = PipelineError.exit_status) -> int:
        line = shorten(printable(" ".join(message.split())))
        try:
            print(f"{paint(f'{name}:', 'red', sys.stderr)} {line}", file=sys.stderr, flush=True)
        except OSError:  # of a full disk; the status still says what happened
            _discard(sys.stderr)
        return status

    try:
        _prepare_output()
        _print_result(work())
        return 0
    except PipelineError as error:
        return fail(str(error), error.exit_status)
    except OSError as error:
        file = f": {error.filename}" if error.filename else ""
        return fail(f"{error.strerror or error}{file}{ADVICE.get(error.errno or 0, '')}. {UNCHANGED}")
    except KeyboardInterrupt:
        return fail(f"interrupted. {UNCHANGED}", INTERRUPTED)
    except ImportError as error:
        package = (error.name or "").partition(".")[0]
        if not package or package in (*OWN_PACKAGES, *sys.stdlib_module_names):  # a bug
            raise
        if find_spec(package):
            return fail(
                f"the package of {error.name} is damaged ({error.msg}): install it again", UsageError.exit_status
            )
        return fail(
            f"the module {package} is missing: install its package, or correct the import", UsageError.exit_status
        )
    except Exception as error:
        if stop_requested():  # a library has replaced the KeyboardInterrupt by another exception
            return fail(f"interrupted. {UNCHANGED}", INTERRUPTED)
        if isinstance(error, MemoryError) or any(text in str(error) for text in MEMORY_ERRORS):
            return fail(f"not enough memory: close other programs. {UNCHANGED}")
        _print_traceback(error)
        return PipelineError.exit_status


def _print_traceback(error: BaseException) -> None:
    """Print the traceback of a bug in a stage without the frames of the engine that has called it."""
    report = traceback.TracebackException.from_exception(error)
    each: traceback.TracebackException | None = report
    while each:
        calls = [number for number, frame in enumerate(each.stack, start=1) if Path(frame.filename) in CALLERS]
        own = [frame for frame in each.stack[calls[-1] if calls else 0 :] if not frame.filename.startswith("<frozen ")]
        each.stack[:] = own or each.stack
        each = each.__cause__ or each.__context__
    print("".join(report.format()), end="", file=sys.stderr, flush=True)


def _print_result(result: object) -> None:
    """Print the output of a command. Raises PipelineError if that fails."""
    with contextlib.closing(_lines(result)) as lines:  # so that a generator cleans up even if printing fails
        for line in lines:
            try:
                print(line, flush=True)
            except OSError as error:
                _discard(sys.stdout)
                if isinstance(error, BrokenPipeError):  # the reader has closed the pipe, as `head -1` does
                    break
                done = "done, but " if isinstance(result, str) else ""
                raise PipelineError(f"{done}cannot write to standard output: {error.strerror}") from None


def _discard(stream: TextIO) -> None:
    """Let what a stream still holds go nowhere, so that there is no second error at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _lines(result: Any) -> Generator[str, None, None]:
    yield from [result] if isinstance(result, str) else result or ()


class _Log(logging.Handler):
    """Log to stderr, which a progress line replaces, to print above itself."""

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError):
            print(printable(self.format(record)), file=sys.stderr, flush=True)


def _prepare_output() -> None:
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # class names may not be encodable
    for name in (*OWN_PACKAGES, "__main__"):
        logging.getLogger(name).setLevel(logging.INFO)
        logging.getLogger(name).handlers = [_Log()]
