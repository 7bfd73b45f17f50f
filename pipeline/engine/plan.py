"""What a call of a stage does: nothing, restore a result, or run. `run` acts on the plan, `status` shows it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pipeline.engine import store
from pipeline.engine.artifacts import Manifest, check_result
from pipeline.engine.provenance import Provenance, Reason

State = Literal["fresh", "stored", "waiting", "stale"]
STATES = {"fresh": "up to date", "stored": "in the store", "waiting": "waiting", "stale": "stale"}
NOT_MADE = "not made yet"  # in place of "stale" for a stage without a result
LONGEST = 160  # characters about a parameter


@dataclass(frozen=True)
class Plan:
    """What a call of a stage does.

    state: `fresh`, nothing, because the result is up to date; `stored`, restore it from the store; `stale`, run;
    `waiting`, depends on the output of an earlier stage that will run. reasons: why it is not up to date. manifest: of
    the stored result if there is one, else of the published one.
    """

    output: Path
    state: State
    reasons: tuple[Reason, ...]
    manifest: Manifest | None

    @property
    def digest(self) -> str | None:
        """Digest of the result, None if the stage must run first."""
        return self.manifest.digest if self.manifest and self.state in ("fresh", "stored") else None

    @property
    def description(self) -> str:
        """The state in words."""
        return NOT_MADE if self.is_missing else STATES[self.state]

    @property
    def is_missing(self) -> bool:
        """Whether the only reason is that there is no result, neither published nor in the store."""
        return self.state == "stale" and [reason.kind for reason in self.reasons] == ["result"]


def simplify(reasons: Sequence[Reason]) -> list[Reason]:
    """Return the reasons as people need them: data are not called code, and long parameters are shortened.

    The digests of code are left out if the version of Python differs, because they always differ then.
    """
    other_python = any((reason.kind, reason.name) == ("environment", "python") for reason in reasons)
    simple = []
    for reason in reasons:
        if reason.kind == "code" and not reason.name.endswith(".py"):
            simple.append(replace(reason, kind="file"))
        elif reason.kind == "parameter" and len(reason.change) > LONGEST:
            simple.append(
                replace(reason, change=f"{reason.change[: LONGEST // 2]} ... {reason.change[-LONGEST // 2 :]}")
            )
        elif reason.kind != "code" or not other_python:
            simple.append(reason)
    return simple


def make_plan(
    output: Path, expected: Provenance, force: bool = False, every: bool = False, search: bool = True
) -> Plan:
    """Return the plan for a result with the provenance `expected`.

    force: run in any case. every: find every reason, also damage of a result that is not up to date. search: look for a
    result in the store. Raises UsageError if something else is at `output`.
    """
    manifest, differences = check_result(output, expected, every)
    reasons = simplify(differences)
    if manifest and not reasons and not force:
        return Plan(output, "fresh", (), manifest)
    store.check_output(output, expected.stage)
    entry = store.entry_of(output, expected.stage, expected.key)
    if search and not force and entry.exists() and entry != store.resolve(output):
        stored, damage = check_result(entry, expected)
        if stored and not damage:
            return Plan(output, "stored", tuple(reasons), stored)
        reasons += [Reason("stored result", reason.name, reason.change) for reason in damage]
    return Plan(output, "stale", tuple(reasons), manifest)
