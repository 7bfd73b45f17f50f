import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.pictures.background import find_ink_on_paper, fit_background
from tests.drawings import Grey, enlarge, on_paper, place, sample_digits


def surface(shape: tuple[int, int], coefficients: tuple[float, ...]) -> Grey:
    y, x = np.meshgrid(*(np.linspace(-1, 1, side) for side in shape), indexing="ij")
    terms = (np.ones_like(y), y, x, y * y, y * x, x * x)
    return np.asarray(sum(c * term for c, term in zip(coefficients, terms, strict=True)), np.float32)


slopes = st.floats(-30, 30)


def page() -> Grey:
    ink = place(enlarge(sample_digits()[0][3], 6), (300, 250), 60, 40)
    return on_paper(ink)


@settings(max_examples=30, deadline=None)
@given(st.tuples(st.just(150.0), slopes, slopes, slopes, slopes, slopes))
def test_quadratic_surface_is_fitted_under_the_ink(coefficients: tuple[float, ...]) -> None:
    truth = surface((300, 250), coefficients)
    inked = page() < 130
    found = fit_background(np.where(inked, truth - 100, truth))
    np.testing.assert_allclose(found, truth, atol=1.5)


def test_desk_next_to_the_paper_is_an_outlier() -> None:
    truth = surface((300, 250), (180, 10, -10, -10, 5, -10))
    desk = np.zeros(truth.shape, bool)
    desk[:, :30] = True
    found = fit_background(np.where(desk, 60, truth).astype(np.float32))
    np.testing.assert_allclose(found[~desk], truth[~desk], atol=3)


def assert_same_ink(found: Grey | None, expected: Grey | None, share: float = 0.01) -> None:
    assert found is not None
    assert expected is not None
    assert np.mean((found >= 0.5) != (expected >= 0.5)) < share


@settings(max_examples=30, deadline=None)
@given(
    st.floats(0, 2 * np.pi),
    st.floats(0.25, 0.6),
    st.sampled_from([0.1, 2, 4]),
    st.floats(-40, 40),
)
def test_hard_shadow_is_no_ink(angle: float, depth: float, softness: float, position: float) -> None:
    y, x = np.ogrid[:300, :250]
    distance = (y - 144) * np.sin(angle) + (x - 124) * np.cos(angle) - position
    light = (1 - depth * np.clip(distance / softness + 0.5, 0, 1)).astype(np.float32)
    assert_same_ink(find_ink_on_paper(page() * light), find_ink_on_paper(page()))


@pytest.mark.parametrize("centre", [(0, 0), (0.5, -0.5)])
def test_strong_vignette_is_no_ink(centre: tuple[float, float]) -> None:
    y, x = np.meshgrid(np.linspace(-1, 1, 300) - centre[0], np.linspace(-1, 1, 250) - centre[1], indexing="ij")
    light = (1 / (1 + y**2 + x**2) ** 1.5).astype(np.float32)
    assert_same_ink(find_ink_on_paper(page() * light), find_ink_on_paper(page()))


@pytest.mark.parametrize("width", [20, 40, 80])
@pytest.mark.parametrize("left", [0, 60])
def test_thick_stroke_is_ink(width: int, left: int) -> None:
    grey = np.full((240, 200), 220, np.float32)
    grey[20:220, left : left + width] = 40
    ink = find_ink_on_paper(grey)
    assert ink is not None
    np.testing.assert_array_equal(ink >= 0.5, grey == 40)


def test_ink_under_grid_lines_has_its_full_level() -> None:
    grey = page()
    grey[::25], grey[:, ::25] = np.minimum(grey[::25], 190), np.minimum(grey[:, ::25], 190)
    ink = find_ink_on_paper(grey)
    assert ink is not None
    assert ink[page() < 40].min() > 0.9


@settings(max_examples=30, deadline=None)
@given(st.tuples(st.just(0.0), slopes, slopes, slopes, slopes, slopes))
def test_uneven_light_changes_little(coefficients: tuple[float, ...]) -> None:
    light = 1 + surface((300, 250), coefficients) / np.float32(300)
    even, uneven = find_ink_on_paper(page()), find_ink_on_paper(page() * light)
    assert even is not None
    assert uneven is not None
    assert np.mean(np.abs(even - uneven)) < 0.02
    assert np.mean((even >= 0.5) != (uneven >= 0.5)) < 0.005


def test_negative_has_the_same_ink() -> None:
    dark, light = find_ink_on_paper(page()), find_ink_on_paper(255 - page())
    assert dark is not None
    assert light is not None
    assert np.mean(np.abs(dark - light)) < 0.01


@pytest.mark.parametrize(("contrast", "noise", "found"), [(16, 0, True), (12, 0, True), (8, 0, False), (12, 3, False)])
def test_faint_ink_is_found_without_noise(contrast: int, noise: float, found: bool) -> None:
    paper = np.random.default_rng(1).normal(200, noise, (300, 250)) if noise else 200
    grey = np.round(paper - contrast * (235 - page()) / 205).astype(np.float32)
    assert (find_ink_on_paper(grey) is not None) == found


@pytest.mark.parametrize("noise", [1, 5, 10])
def test_noise_is_separated_from_ink(noise: float) -> None:
    generator = np.random.default_rng(1)
    paper = generator.normal(200, noise, (300, 250)).astype(np.float32)
    assert find_ink_on_paper(paper) is None
    noisy, clear = (
        find_ink_on_paper(page() + generator.normal(0, noise, (300, 250)).astype(np.float32)),
        find_ink_on_paper(page()),
    )
    assert noisy is not None
    assert clear is not None
    assert np.mean((noisy >= 0.5) != (clear >= 0.5)) < 0.01


@pytest.mark.parametrize(
    "grey",
    [
        np.zeros((200, 200), np.float32),
        np.full((4, 4), 255, np.float32),
        surface((200, 300), (128, 60, 60, 0, 0, 0)),
        surface((200, 300), (200, 0, 0, -70, 0, -70)),
        np.random.default_rng(1).uniform(0, 255, (300, 300)).astype(np.float32),
        np.random.default_rng(1).uniform(0, 255, (4, 1024)).astype(np.float32),
    ],
    ids=["black", "small", "gradient", "vignette", "noise", "strip of noise"],
)
def test_blank_picture_has_no_ink(grey: Grey) -> None:
    assert find_ink_on_paper(grey) is None


def test_ink_ranges_from_0_to_1() -> None:
    ink = find_ink_on_paper(page())
    assert ink is not None
    assert ink.dtype == np.float32
    assert ink.min() == 0
    assert ink.max() == 1
    assert ink[page() == 235].max() < 0.05
    assert ink[page() < 40].min() > 0.9
