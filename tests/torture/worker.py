"""The fuzzing process: passes inputs to a target. It may hang, be killed or run out of memory.

It shares a state file with the process that started it: the counts and the current input, which are known even if the
process dies.
"""

import contextlib
import dataclasses
import faulthandler
import hashlib
import mmap
import random
import resource
import struct
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.torture.mutations import MAX_LENGTH, splice
from tests.torture.targets import Target

SAVED = 5  # inputs to save for each kind of finding
CORPUS = 400  # inputs to mutate further
MEMORY = 6 << 30  # limit of the address space, in bytes


@dataclass
class Counts:
    """inputs = refused + accepted + wrong + crashes. slowest: in ns. peak: in KiB.

    length: of the current or last input in bytes. hangs, deaths: of the process, by a signal or an error.
    """

    inputs: int = 0
    refused: int = 0
    accepted: int = 0
    wrong: int = 0
    crashes: int = 0
    slowest: int = 0
    peak: int = 0
    length: int = 0
    hangs: int = 0
    deaths: int = 0


FORM = f"<{len(dataclasses.fields(Counts))}q"
HEAD = struct.calcsize(FORM)


def create_state(path: Path) -> None:
    path.write_bytes(bytes(HEAD + MAX_LENGTH))


def read_state(path: Path) -> tuple[Counts, bytes]:
    """Return the counts and the current or last input."""
    body = path.read_bytes()
    counts = Counts(*struct.unpack_from(FORM, body))
    return counts, body[HEAD : HEAD + counts.length]


class Recorder:
    """A callable that passes an input to the target and records the outcome. deadline: seconds for one input."""

    def __init__(self, name: str, target: Target, state: Path, findings: Path, deadline: float) -> None:
        self.name, self.target, self.findings, self.deadline = name, target, findings, deadline
        self.counts = Counts()
        self.kinds = Counter[str]()
        self.armed = -1e9
        with open(state, "r+b") as file:
            self.state = mmap.mmap(file.fileno(), 0)

    def __call__(self, body: bytes) -> bool:
        """Return whether the input was accepted. Exits with a traceback if there is no result by the deadline."""
        counts, body = self.counts, body[:MAX_LENGTH]
        began = time.monotonic_ns()
        if began / 1e9 - self.armed > self.deadline / 10:  # not for each input: it starts a thread
            faulthandler.dump_traceback_later(self.deadline, exit=True)
            self.armed = began / 1e9
        counts.length = len(body)
        self.state[HEAD : HEAD + len(body)] = body
        self._save_counts()
        accepted = False
        try:
            accepted = self.target.check(body)
            counts.accepted += accepted
            counts.refused += not accepted
        except Exception as error:
            wrong = isinstance(error, AssertionError)
            counts.wrong += wrong
            counts.crashes += not wrong
            last = traceback.extract_tb(error.__traceback__)[-1]
            kind = f"{type(error).__name__} {last.filename}:{last.lineno}"
            self.kinds[kind] += 1
            if self.kinds[kind] <= SAVED:
                save_finding(self.findings, self.name, body, "".join(traceback.format_exception(error)))
        taken = time.monotonic_ns() - began
        counts.inputs += 1
        counts.slowest = max(counts.slowest, taken)
        if taken > 5_000_000 or counts.inputs % 512 == 1:
            counts.peak = measure_peak()
        self._save_counts()
        return accepted

    def _save_counts(self) -> None:
        struct.pack_into(FORM, self.state, 0, *vars(self.counts).values())


def save_finding(findings: Path, name: str, body: bytes, report: str) -> None:
    """Write the input and a report of its failure."""
    findings.mkdir(parents=True, exist_ok=True)
    path = findings / f"{name}-{hashlib.sha256(body).hexdigest()[:12]}"
    path.write_bytes(body)
    path.with_suffix(".txt").write_text(report, encoding="utf-8", errors="backslashreplace")


def measure_peak() -> int:
    """Return the peak memory of this process, in KiB."""
    try:  # ru_maxrss may be that of the parent process
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0])
    except (OSError, IndexError):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak // 1024 if sys.platform == "darwin" else peak


def prepare_process() -> None:
    """Limit the memory, so that a runaway allocation raises an error."""
    with contextlib.suppress(OSError, ValueError):  # not supported on every system
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("ignore")


def drive_by_mutations(recorder: Recorder, seed: int, seconds: float, inputs: int) -> None:
    """Mutate the seeds and their mutants, for a time or a number of inputs."""
    target, generator, until = recorder.target, random.Random(seed), time.monotonic() + seconds
    seeds = list(target.seeds())
    for body in seeds:
        recorder(body)
    corpus = list(seeds)
    while recorder.counts.inputs < inputs and time.monotonic() < until:
        body = generator.choice(corpus if generator.random() < 0.7 else seeds)
        if generator.random() < 0.05:
            body = splice(body, generator.choice(corpus), generator)
        mutant = target.mutation(body, generator)
        accepted = recorder(mutant)
        if accepted or generator.random() < 0.01:  # mutants of accepted inputs reach deeper code
            if len(corpus) < CORPUS:
                corpus.append(mutant)
            else:
                corpus[generator.randrange(len(seeds), CORPUS)] = mutant


def drive_by_coverage(recorder: Recorder, seed: int, seconds: float, inputs: int) -> None:
    """Let Atheris find inputs that reach new code. Ends the process."""
    import atheris

    target = recorder.target

    def mutation(body: bytes, max_length: int, seed: int) -> bytes:
        generator = random.Random(seed)
        if generator.random() < 0.5:
            return bytes(atheris.Mutate(body, max_length))
        return target.mutation(body, generator)[:max_length]

    folder = Path(tempfile.mkdtemp())
    (folder / "corpus").mkdir()
    for number, body in enumerate(target.seeds()):
        (folder / "corpus" / str(number)).write_bytes(body)
    escaped = ("".join(f"\\x{byte:02x}" for byte in word[:60]) for word in target.words if word)
    (folder / "words").write_text("".join(f'"{word}"\n' for word in escaped))
    options = {"runs": inputs, "max_total_time": max(1, int(seconds)), "seed": seed + 1, "max_len": MAX_LENGTH // 4}
    options |= {"verbosity": 0, "rss_limit_mb": 0, "timeout": 36_000, "close_fd_mask": 0, "len_control": 0}
    arguments = [*(f"-{name}={value}" for name, value in options.items()), f"-dict={folder / 'words'}"]
    atheris.Setup([sys.argv[0], *arguments, str(folder / "corpus")], recorder, custom_mutator=mutation)
    atheris.Fuzz()
