"""A command sends itself stop signals at critical moments."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.processes import capture, reset_signals

pytestmark = pytest.mark.slow

MESSAGE = "status: interrupted. Published results are unchanged\n"
STOPS = ("SIGINT", "SIGTERM", "SIGHUP")


def execute(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return capture([sys.executable, *command], cwd=folder, preexec_fn=reset_signals, timeout=30)


def script(body: str) -> list[str]:
    """Return a program that runs `status`, defined in `body`, where `send(NAME)` sends a signal to itself."""
    head = (
        "import atexit, os, signal, threading, time\n"
        "from pipeline.engine.program import run_command, run_program\n"
        "send = lambda name: os.kill(os.getpid(), getattr(signal, name))\n"
    )
    return ["-c", head + textwrap.dedent(body) + "\nrun_program(lambda: run_command('status', status))"]


def test_no_traceback_during_imports(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("import os\nos.kill(os.getpid(), 2)\n")  # found first on the path
    result = execute(["-m", "stages.parse"], tmp_path)
    assert (result.returncode, result.stderr) == (-signal.SIGINT, "")


IN_A_DESTRUCTOR = """
    class Deleted:
        def __del__(self):
            send("SIGINT")
            time.sleep(0.01)

    def status():
        thing = Deleted()
        del thing
        time.sleep(60)
"""
WHILE_AN_EXTENSION_MODULE_IS_LOADED = """
    from importlib.machinery import ExtensionFileLoader

    class Loader(ExtensionFileLoader):
        def exec_module(self, module):
            send("SIGINT")
            time.sleep(0.1)
            print("done", flush=True)

    def status():
        Loader("compiled", "compiled.so").exec_module(None)
        time.sleep(60)
"""
AGAIN_DURING_THE_CLEANUP = """
    def status():
        try:
            send("SIGINT")
            time.sleep(60)
        finally:
            send("SIGINT")
            send("SIGTERM")
            time.sleep(0.1)
            print("done", flush=True)
"""


@pytest.mark.parametrize(
    ("program", "output"),
    [(IN_A_DESTRUCTOR, ""), (WHILE_AN_EXTENSION_MODULE_IS_LOADED, "done\n"), (AGAIN_DURING_THE_CLEANUP, "done\n")],
    ids=["in a destructor", "while an extension module is loaded", "again during the cleanup"],
)
def test_interruption_is_neither_lost_nor_too_early(program: str, output: str, tmp_path: Path) -> None:
    result = execute(script(program), tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (130, output, MESSAGE)


@pytest.mark.parametrize("kind", STOPS)
def test_interruption_replaced_by_library_exception_is_still_reported(kind: str, tmp_path: Path) -> None:
    program = f"""
        def status():
            try:
                send({kind!r})
                time.sleep(60)
            except KeyboardInterrupt:
                raise TypeError("incompatible arguments") from None  # as C++ code used by Matplotlib does
    """
    result = execute(script(program), tmp_path)
    assert (result.returncode, result.stderr) == (130, MESSAGE)


@pytest.mark.parametrize(
    "at_the_end",
    [
        "atexit.register(lambda: [send(kind) for kind in STOPS])",
        "threading.Thread(target=time.sleep, args=(60,)).start(); "
        "threading.Thread(target=lambda: (time.sleep(1), send('SIGINT')), daemon=True).start()",
    ],
)
def test_signal_after_the_work_keeps_the_exit_status(at_the_end: str, tmp_path: Path) -> None:
    program = f"""
        STOPS = {STOPS}

        def status():
            {at_the_end}
            return "done"
    """
    result = execute(script(program), tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "done\n", "")
