"""What the tests of the commands share."""

import hashlib
import subprocess
import time
from collections.abc import Callable, Sized
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.data import idx
from pipeline.data.dataset import FILES
from pipeline.engine.artifacts import read_manifest, write_manifest

STAGES = ("download", "parse", "normalize", "train", "evaluate", "export", "report")
COMMANDS = (*STAGES, "classify", "predict", "ablation", "status", "prune")


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every published file, by the name under which people find it."""
    return {
        f"{stage.name}/{path.name}": path.read_bytes()
        for stage in folder.iterdir()
        if not stage.name.startswith(".")
        for path in stage.iterdir()
    }


def account_for(artifact: Path) -> None:
    """Make all manifests say that the files of an artifact are as they should be."""
    outputs = {
        name: {**facts, "sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body)}
        for name, facts in read_manifest(artifact).outputs.items()
        for body in [(artifact / name).read_bytes()]
    }
    write_manifest(artifact, replace(read_manifest(artifact), outputs=outputs))
    for other in artifact.parent.glob("*/manifest.json"):
        manifest = read_manifest(other.parent)
        if artifact.name in manifest.provenance.inputs:
            inputs = {**manifest.provenance.inputs, artifact.name: read_manifest(artifact).digest}
            provenance = replace(manifest.provenance, inputs=inputs)
            write_manifest(other.parent, replace(manifest, provenance=provenance))


def assert_one_line(result: subprocess.CompletedProcess[str], status: int, *words: str) -> None:
    assert result.returncode == status, result.stderr
    assert result.stdout == ""
    *_, line = result.stderr.splitlines()
    assert line.startswith("handwriting")
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in line


def custom_set(folder: Path) -> Path:
    """Four IDX files of someone's own: 3 x 4 pixels, two classes, which a pixel tells apart."""
    folder.mkdir()
    for count, (images, labels) in zip((40, 10), (FILES[:2], FILES[2:]), strict=True):
        truth = np.arange(count, dtype=np.uint8) % 2
        pictures = np.random.default_rng(count).integers(0, 100, (count, 3, 4), dtype=np.uint8)
        pictures[:, 0, 0] = 250 * truth
        idx.save(folder / f"{images}.gz", pictures)
        idx.save(folder / labels, truth)
    return folder


def build(at: Path) -> None:
    """Run every stage on the sample, into the folder of artifacts `at`."""
    from stages.download import download
    from stages.evaluate import evaluate
    from stages.export import export
    from stages.normalize import normalize
    from stages.parse import parse
    from stages.report import report
    from stages.train import train

    download(dataset="sample", output=at / "download")
    parse(download=at / "download", output=at / "parse")
    normalize(parse=at / "parse", output=at / "normalize")
    train(normalize=at / "normalize", recipe="quick", output=at / "train")
    evaluate(normalize=at / "normalize", train=at / "train", output=at / "evaluate")
    export(train=at / "train", evaluate=at / "evaluate", output=at / "export")
    report(
        parse=at / "parse",
        normalize=at / "normalize",
        train=at / "train",
        evaluate=at / "evaluate",
        artifacts=at,
        output=at / "report",
    )


def wait_for_more(found: Callable[[], Sized], than: int) -> None:
    """Wait until more is found, and look again all the time, for the work that is waited for takes a moment."""
    deadline = time.monotonic() + 60
    while len(found()) <= than:
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.001)


def assert_stopped(process: subprocess.Popen[str], command: str) -> list[str]:
    """A command that was asked to stop has, and keeps what it has done; what else it said before."""
    try:
        _, said = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    assert process.returncode == 130
    *others, kept, told = said.splitlines()
    assert kept == f"{command}: what it has done is kept: the same command goes on from there"
    assert told == f"handwriting {command}: interrupted. What was there before is as it was"
    return others
