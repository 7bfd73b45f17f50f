import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pipeline.data.ink import InkStatistics
from pipeline.model.files import Model
from pipeline.pictures.touching import _compute_share, _find_best_path, _Spans, split_touching
from tests.drawings import Images, enlarge, sample_digits
from tests.pipeline.models import make_model
from tests.pipeline.pictures.common import join_row


def as_ink(row: Images, times: float = 3) -> Any:
    large = enlarge(row, times)
    return (large / large.max()).astype(np.float32)


@pytest.mark.parametrize("times", [1, 3, 8])
def test_parts_cover_the_ink_from_left_to_right(reader: Model, times: float) -> None:
    ink = as_ink(join_row(list(sample_digits()[0][:5])), times)
    split = split_touching(reader, ink)
    inked = np.flatnonzero((ink >= 0.5).any(axis=0))
    assert split.columns[0][0] <= inked[0]
    assert split.columns[-1][1] > inked[-1]
    for (_, stop), (start, _) in itertools.pairwise(split.columns):
        assert start <= stop <= start + 1
    count = len(split.columns)
    assert count > 1
    assert split.images.shape == (count, 28, 28)
    assert (split.images.max(axis=(1, 2)) == 255).all()
    np.testing.assert_allclose(split.probabilities.sum(axis=1), np.ones(count), rtol=1e-5)
    assert 0 < split.share <= 1


def test_single_digit_is_one_part(reader: Model) -> None:
    images, labels = (each[:40] for each in sample_digits())
    found = [split_touching(reader, as_ink(image)).probabilities.argmax(axis=1).tolist() for image in images]
    assert np.mean([each == [label] for each, label in zip(found, labels, strict=True)]) >= 0.9


def test_stroke_width_does_not_matter(reader: Model) -> None:
    row = join_row(list(sample_digits()[0][:2]))
    thin = replace(reader, ink_statistics=replace(reader.ink_statistics, thin=2.5))
    usual, thinner = split_touching(reader, as_ink(row)), split_touching(thin, as_ink(row, 8) ** 4)
    assert len(usual.columns) == len(thinner.columns) == 2


@pytest.mark.parametrize("shape", [(3, 4), (28, 28), (40, 24)])
@pytest.mark.parametrize("ink", [np.ones((1, 1)), np.ones((3, 40)), np.ones((60, 2)), np.eye(30)])
def test_any_ink_and_any_model_are_possible(shape: tuple[int, int], ink: Any) -> None:
    for box in (0, 2.5, 20):
        model = make_model("6", 1, shape, negative_class=True, ink_statistics=InkStatistics(box=box))
        split = split_touching(model, ink.astype(np.float32))
        assert split.images.shape[1:] == shape
        assert all(0 <= start < stop <= ink.shape[1] for start, stop in split.columns)


def test_best_path_and_share_equal_those_of_all_sequences() -> None:
    generator = np.random.default_rng(1)
    cuts = 6
    starts, stops = np.tril_indices(cuts, -1)[::-1]
    weights = generator.random((len(starts), 3)) / 2
    spans = _Spans(
        starts, stops, np.zeros((len(starts), 1, 1), np.uint8), np.zeros((len(starts), 4), np.float32), weights
    )
    index = {(start, stop): i for i, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True))}
    sequences = {}
    for inner in itertools.chain.from_iterable(itertools.combinations(range(1, cuts - 1), n) for n in range(cuts - 1)):
        path = [index[pair] for pair in itertools.pairwise((0, *inner, cuts - 1))]
        for labels in itertools.product(range(3), repeat=len(path)):
            sequences[tuple(path), labels] = np.prod(weights[path, labels])
    (best, labels), _ = max(sequences.items(), key=lambda each: each[1])
    assert _find_best_path(spans, cuts) == list(best)
    powers = {key: weight**3 for key, weight in sequences.items()}
    share = sum(weight for (_, other), weight in powers.items() if other == labels) / sum(powers.values())
    assert _compute_share(spans, list(best), cuts) == pytest.approx(share)
