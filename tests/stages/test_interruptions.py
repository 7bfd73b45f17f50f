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
        "from importlib.machinery import ExtensionFileLoader\n"
        "from stages.console import run_program\n"
        "send = lambda name: os.kill(os.getpid(), getattr(signal, name))\n"
    )
    return ["-c", head + textwrap.dedent(body) + "\nrun_program({'One': [status]}, ['status'])"]


@pytest.mark.parametrize("module", ["stages.cli", "stages.parse"])
@pytest.mark.parametrize("loaded", ["enum", "typer"])  # the first of all, and a later one
def test_while_it_loads_there_is_no_traceback(loaded: str, module: str, tmp_path: Path) -> None:
    (tmp_path / f"{loaded}.py").write_text("import os\nos.kill(os.getpid(), 2)\n")  # which is found first
    result = execute(["-m", module, "parse"], tmp_path)
    assert result.returncode == -signal.SIGINT
    assert result.stderr == ""


def test_what_python_has_to_drop_is_heard_all_the_same(tmp_path: Path) -> None:
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


@pytest.mark.parametrize("kind", STOPS)
def test_what_a_library_makes_an_error_of_its_own_of_is_heard_all_the_same(kind: str, tmp_path: Path) -> None:
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


LOADER = """
        class Loader(ExtensionFileLoader):
            def exec_module(self, module):
                send("SIGINT")
                time.sleep(0.1)
                print("loaded", flush=True)
"""


def test_while_compiled_code_is_loaded_it_waits_for_the_end_of_that(tmp_path: Path) -> None:
    """An exception within would be the end of the process, where it is C++."""
    program = (
        LOADER
        + """
        def status():
            Loader("compiled", "compiled.so").exec_module(None)
            time.sleep(60)
    """
    )
    result = execute(script(program), tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (130, "loaded\n", TOLD)


def test_what_has_waited_does_not_interrupt_a_second_time(tmp_path: Path) -> None:
    program = (
        LOADER.replace("time.sleep(0.1)", "pass")
        + """
        def status():
            try:
                Loader("compiled", "compiled.so").exec_module(None)
                send("SIGTERM")
                time.sleep(60)
            finally:
                send("SIGALRM")  # as one that was under way
                time.sleep(0.7)
                print("tidied", flush=True)
    """
    )
    result = execute(script(program), tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (130, "loaded\ntidied\n", TOLD)


AT_THE_END = {
    "while Python clears away": "atexit.register(lambda: [send(kind) for kind in STOPS])",
    "when Python hears no more": "class Late: __del__ = lambda it, kill=os.kill, own=os.getpid(): kill(own, 15)\n"
    "late = Late()",
}


@pytest.mark.parametrize("moment", AT_THE_END)
def test_when_all_is_done_it_is_too_late(moment: str, tmp_path: Path) -> None:
    program = f"STOPS = {STOPS}\nstatus = lambda: 'done'\nstatus.__name__ = 'status'\n{AT_THE_END[moment]}"
    result = execute(script(program), tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "done\n", "")


def test_while_it_says_why_it_failed_no_other_signal_cuts_it_short(tmp_path: Path) -> None:
    program = """
        def status():
            send("SIGINT")
            time.sleep(60)

        import stages.console
        paint = stages.console.paint
        stages.console.paint = lambda *words: [*map(send, ("SIGINT", "SIGTERM", "SIGHUP")), paint(*words)][-1]
    """
    result = execute(script(program), tmp_path)
    assert (result.returncode, result.stderr) == (130, TOLD)


def test_a_thread_that_is_stuck_holds_nobody_who_stops_the_process(tmp_path: Path) -> None:
    program = """
        def status():
            threading.Thread(target=time.sleep, args=(60,)).start()
            threading.Thread(target=lambda: (time.sleep(1), send("SIGINT")), daemon=True).start()
            return "done"
    """
    result = execute(script(program), tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "done\n", "")
