"""Commands on a real Dask cluster, also while workers are killed: same bits as one process."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cluster import run_cluster, wait_until
from tests.processes import ROOT, Run, environment, kill_tree, listening_addresses
from tests.stages.common import assert_one_line

pytestmark = pytest.mark.slow


def test_commands_in_the_documentation_listen_to_this_machine_only(tmp_path: Path) -> None:
    """The ports are replaced, since those of the page may be in use."""
    text = (ROOT / "docs" / "pipeline" / "cluster.md").read_text()
    lines = [line.removesuffix(" &").split()[2:] for line in text.splitlines() if line.startswith("$ dask ")]
    scheduler, worker = (next(line for line in lines if line[0] == kind) for kind in ("scheduler", "worker"))
    file = tmp_path / "scheduler.json"
    words = [word.replace(":8787", ":0") for word in scheduler]
    processes = [_dask([*words, "--port", "0", "--scheduler-file", str(file)], tmp_path)]
    try:
        wait_until(lambda: file.exists() and file.read_text().endswith("}"))
        words = [word for word in worker if not word.startswith("tcp://")]
        processes.append(_dask([*words, "--scheduler-file", str(file)], tmp_path))
        wait_until(lambda: len(listening_addresses(processes[1].pid)) >= 6)  # two nannies, and two ports of each worker
        assert {address for process in processes for address in listening_addresses(process.pid)} == {"127.0.0.1"}
    finally:
        for process in processes:
            kill_tree(process.pid)
            process.wait()


def _dask(line: list[str], folder: Path) -> subprocess.Popen[bytes]:
    with open(os.devnull, "w") as nothing:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *line], cwd=folder, env=environment(), stdout=nothing, stderr=nothing
        )


def test_cluster_with_tls_accepts_only_clients_with_certificates(run: Run, project: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = project.parent / f"{project.name}-tls"
    folder.mkdir()
    _make_certificate(folder)
    own = {"CA_FILE": "ca.pem", "CLIENT__CERT": "cert.pem", "CLIENT__KEY": "key.pem"}
    variables = {f"DASK_DISTRIBUTED__COMM__TLS__{name}": str(folder / file) for name, file in own.items()}
    options = ["--tls-ca-file", "ca.pem", "--tls-cert", "cert.pem", "--tls-key", "key.pem", "--protocol", "tls"]
    with run_cluster(folder, 1, *options) as cluster:
        assert cluster.address.startswith("tls://")
        line = ["predict", "artifacts/parse/test-images.npy", "--scheduler", cluster.address]
        assert_one_line(run(*line), 1, cluster.address)
        result = run(*line, env={**environment(), **variables})
        assert result.returncode == 0, result.stderr
    assert np.array_equal(
        np.load(project / "predictions.npy"), np.load(project / "artifacts/evaluate/probabilities.npy").argmax(axis=1)
    )


def _make_certificate(folder: Path) -> None:
    """Write a self-signed certificate; real clusters use a certificate authority."""
    line = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -keyout key.pem -out cert.pem"
    subprocess.run(["openssl", *line.split()], cwd=folder, check=True, capture_output=True)
    shutil.copy(folder / "cert.pem", folder / "ca.pem")
