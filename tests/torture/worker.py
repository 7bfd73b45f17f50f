"""Gives a target one input after the other, in a process of its own, which may hang, be killed or eat all memory.

What it does stands on a board, a file that it shares with the process which watches it: the counts, and the input that
it is at, so that this one is known when nothing else can be asked any more.
"""

import contextlib
import dataclasses
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
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.torture.mutations import LONGEST, splice
from tests.torture.targets import Target

KEPT = 5  # findings of a kind whose inputs are kept
CORPUS = 400  # inputs that are damaged further
MEMORY = 6 << 30  # bytes of addresses that a process may have


@dataclass
class Counts:
    """inputs, of which refused and accepted were in order, wrong outputs and crashes not. slowest: ns. peak: KiB.

    began: when the input was given that it is at, in ns of the monotonic clock, 0 if it is at none. length: of it.
    """

    inputs: int = 0
    refused: int = 0
    accepted: int = 0
    wrong: int = 0
    crashes: int = 0
    slowest: int = 0
    peak: int = 0
    began: int = 0
    length: int = 0


FORM = f"<{len(dataclasses.fields(Counts))}q"
HEAD = struct.calcsize(FORM)


def create_board(path: Path) -> None:
    """A new board."""
    path.write_bytes(bytes(HEAD + LONGEST))


def read_board(path: Path) -> tuple[Counts, bytes]:
    """What stands on it: the counts, and the input that the process is at, or was at last."""
    body = path.read_bytes()
    counts = Counts(*struct.unpack_from(FORM, body))
    return counts, body[HEAD : HEAD + counts.length]


class Recorder:
    """Calling it gives an input to the target, and writes down what comes of it."""

    def __init__(self, name: str, target: Target, board: Path, findings: Path) -> None:
        self.name, self.target, self.findings = name, target, findings
        self.counts = Counts()
        self.kinds: dict[str, int] = {}
        with open(board, "r+b") as file:
            self.board = mmap.mmap(file.fileno(), 0)

    def __call__(self, body: bytes) -> bool:
        """Whether the input was accepted."""
        counts, body = self.counts, body[:LONGEST]
        began = counts.began = time.monotonic_ns()
        counts.length = len(body)
        self.board[HEAD : HEAD + len(body)] = body
        self._show()
        accepted = False
        try:
            accepted = self.target.check(body)
            counts.accepted += accepted
            counts.refused += not accepted
        except AssertionError as error:
            counts.wrong += 1
            self._keep(body, error)
        except Exception as error:
            counts.crashes += 1
            self._keep(body, error)
        taken = time.monotonic_ns() - began
        counts.inputs += 1
        counts.began = 0
        counts.slowest = max(counts.slowest, taken)
        if taken > 5_000_000 or counts.inputs % 512 == 1:
            counts.peak = measure_peak()
        self._show()
        return accepted

    def _show(self) -> None:
        struct.pack_into(FORM, self.board, 0, *vars(self.counts).values())

    def _keep(self, body: bytes, error: Exception) -> None:
        last = traceback.extract_tb(error.__traceback__)[-1]
        kind = f"{type(error).__name__} {last.filename}:{last.lineno}"
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if self.kinds[kind] <= KEPT:
            keep(self.findings, self.name, body, "".join(traceback.format_exception(error)))


def keep(findings: Path, name: str, body: bytes, story: str) -> Path:
    """Write an input that something came of which may not, and the story, into the folder of findings."""
    findings.mkdir(parents=True, exist_ok=True)
    path = findings / f"{name}-{hashlib.sha256(body).hexdigest()[:12]}"
    path.write_bytes(body)
    path.with_suffix(".txt").write_text(story, encoding="utf-8", errors="backslashreplace")
    return path


def measure_peak() -> int:
    """The most memory that this process has had, in KiB."""
    try:  # what the system accounts to the process may be that of the one which has started it
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0])
    except (OSError, IndexError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most // 1024 if sys.platform == "darwin" else most


def prepare_process() -> None:
    """A bound for the memory, so that a mistake is an error here and not the end of the machine."""
    with contextlib.suppress(OSError, ValueError):  # where the system knows no such bound, what was taken is still told
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("ignore")


def drive_by_mutations(recorder: Recorder, seed: int, until: float, most: int) -> None:
    """Damage the seeds, and what was made of them, until a time of the monotonic clock or `most` inputs."""
    target, generator = recorder.target, random.Random(seed)
    seeds = list(target.seeds())
    for body in seeds:
        recorder(body)
    corpus = list(seeds)
    while recorder.counts.inputs < most and time.monotonic() < until:
        body = generator.choice(corpus if generator.random() < 0.7 else seeds)
        if generator.random() < 0.05:
            body = splice(body, generator.choice(corpus), generator)
        damaged = target.mutation(body, generator)
        accepted = recorder(damaged)
        if accepted or generator.random() < 0.01:  # the deeper damage lies behind what is still accepted
            if len(corpus) < CORPUS:
                corpus.append(damaged)
            else:
                corpus[generator.randrange(len(seeds), CORPUS)] = damaged


def drive_by_coverage(recorder: Recorder, seed: int, seconds: float, most: int) -> None:
    """Let Atheris find inputs that get to code which no input has got to before. Ends the process."""
    import atheris

    target = recorder.target

    def mutation(body: bytes, longest: int, seed: int) -> bytes:
        generator = random.Random(seed)
        if generator.random() < 0.5:
            return bytes(atheris.Mutate(body, longest))
        return target.mutation(body, generator)[:longest]

    corpus = Path(tempfile.mkdtemp())
    for number, body in enumerate(target.seeds()):
        (corpus / str(number)).write_bytes(body)
    options = {"runs": most, "max_total_time": max(1, int(seconds)), "seed": seed + 1, "max_len": LONGEST // 4}
    options |= {"verbosity": 0, "rss_limit_mb": 0, "timeout": 36_000, "close_fd_mask": 0, "len_control": 0}
    words = Path(tempfile.mkdtemp()) / "words"
    escaped = ["".join(f"\\x{byte:02x}" for byte in word[:60]) for word in target.words if word]
    words.write_text("".join(f'"{word}"\n' for word in escaped))
    arguments: Sequence[str] = [f"-{name}={value}" for name, value in options.items()]
    atheris.Setup([sys.argv[0], *arguments, f"-dict={words}", str(corpus)], recorder, custom_mutator=mutation)
    atheris.Fuzz()
