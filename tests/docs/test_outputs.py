"""Outputs are compared without what differs between runs."""

import pytest

from tests.docs.outputs import differences

SHOWN = """\
train: epoch 1 of 10: loss 0.7569, accuracy 98.36%, 3.1 s
...
validation accuracy 99.56% after epoch 10, 29.3 s of training -> artifacts/train"""


@pytest.mark.parametrize(
    "shown, printed",
    [
        (SHOWN, SHOWN.replace("99.56", "7").replace("29.3 s", "1 min 5 s").replace("...", "train: epoch 2\nmore")),
        (SHOWN, SHOWN.replace("...\n", "")),
        ("mnist: 4 files, 55.0 MB", "sample: 4 files, 900 kB"),
        ("made on 2026-11-26 at 22:47, key e7ecc410d51e9a09", "made on 2027-01-02 at 01:02, key 000000000000000a"),
        ("train  stale       made in 1 s", "train  stale  made in 1 s"),
        ("train  made: accuracy\n         99% after epoch 1", "train  made:\n         accuracy 9% after epoch 1"),
        ("digit\n  ░▄▄▄▄\n▓███  █\n7", "digit\n▒█▓\n7"),
        ("...", ""),
    ],
)
def test_equal(shown: str, printed: str) -> None:
    assert differences(shown.splitlines(), printed.splitlines()) == []


@pytest.mark.parametrize(
    "shown, printed",
    [
        (SHOWN, SHOWN.replace("validation", "test")),
        (SHOWN, f"{SHOWN}\nmore"),
        (SHOWN, f"warning\n{SHOWN}"),
        (SHOWN, SHOWN.replace("train: ", "")),
        ("", "printed"),
        ("shown", ""),
        ("one\n...\ntwo\n...\ntwo", "one\ntwo"),
        ("feedback", "fallback"),
    ],
)
def test_different(shown: str, printed: str) -> None:
    assert differences(shown.splitlines(), printed.splitlines())


def test_exact_comparison_includes_numbers_and_allows_ellipses() -> None:
    assert differences(["one 1", "..."], ["one 1", "two"], exact=True) == []
    assert differences(["one 1"], ["one 2"], exact=True) == ["- one 1", "+ one 2"]
    assert differences(["2026-11-26 at 22:48, 3.1 s"], ["2027-01-02 at 01:02, 1 min 5 s"], exact=True) == []
