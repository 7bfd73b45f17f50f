"""Signals that ask a command to stop, sent by itself at the worst moments."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.processes import environment, take_signals

TOLD = "handwriting status: interrupted. What was there before is as it was\n"
STOPS = ("SIGINT", "SIGTERM", "SIGHUP")


def execute(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment(),
        preexec_fn=take_signals,
        timeout=30,
        capture_output=True,
        text=True,
    )


def script(body: str) -> list[str]:
    """A program whose only command is called status, as the body defines it; `send(NAME)` sends it a signal."""
    head = (
        "import atexit, os, signal, threading, time\n"
        "from stages.cli.console import run_program\n"
        "send = lambda name: os.kill(os.getpid(), getattr(signal, name))\n"
    )
    return ["-c", head + textwrap.dedent(body) + "\nrun_program({'One': [status]}, ['status'])"]


def test_while_it_loads_there_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("import os\nos.kill(os.getpid(), 2)\n")  # which is found first
    result = execute(["-m", "stages.parse"], tmp_path)
    assert (result.returncode, result.stderr) == (-signal.SIGINT, "")


def test_an_interruption_in_a_destructor_is_not_lost(tmp_path: Path) -> None:
    program = """
        class Cleared:
            def __del__(self):
                send("SIGINT")
                time.sleep(0.01)

        def status():
            thing = Cleared()
            del thing
            time.sleep(60)
    """
    result = execute(script(program), tmp_path)
    assert (result.returncode, result.stderr) == (130, TOLD)


def test_an_interruption_waits_until_a_compiled_module_is_loaded(tmp_path: Path) -> None:
    """An exception within crashes the process where it is C++."""
    program = """
        from importlib.machinery import ExtensionFileLoader

        class Loader(ExtensionFileLoader):
            def exec_module(self, module):
                send("SIGINT")
                time.sleep(0.1)
                print("loaded", flush=True)

        def status():
            Loader("compiled", "compiled.so").exec_module(None)
            time.sleep(60)
    """
    result = execute(script(program), tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (130, "loaded\n", TOLD)


@pytest.mark.parametrize("kind", STOPS)
def test_an_interruption_that_a_library_makes_an_error_of_its_own_of_is_told_as_one(kind: str, tmp_path: Path) -> None:
    program = f"""
        def status():
            try:
                send({kind!r})
                time.sleep(60)
            except KeyboardInterrupt:
                raise TypeError("incompatible arguments") from None  # as C++ code does that Matplotlib calls
    """
    result = execute(script(program), tmp_path)
    assert (result.returncode, result.stderr) == (130, TOLD)


def test_a_second_signal_does_not_cut_the_tidying_short(tmp_path: Path) -> None:
    program = """
        def status():
            try:
                send("SIGINT")
                time.sleep(60)
            finally:
                send("SIGINT")
                send("SIGTERM")
                time.sleep(0.1)
                print("tidied", flush=True)
    """
    result = execute(script(program), tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (130, "tidied\n", TOLD)


@pytest.mark.parametrize(
    "at_the_end",
    [
        "atexit.register(lambda: [send(kind) for kind in STOPS])",
        "threading.Thread(target=time.sleep, args=(60,)).start(); "
        "threading.Thread(target=lambda: (time.sleep(1), send('SIGINT')), daemon=True).start()",
    ],
)
def test_a_signal_after_the_work_only_ends_the_process_sooner(at_the_end: str, tmp_path: Path) -> None:
    program = f"""
        STOPS = {STOPS}

        def status():
            {at_the_end}
            return "done"
    """
    result = execute(script(program), tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "done\n", "")
