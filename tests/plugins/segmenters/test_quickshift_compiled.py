"""quickshift by Numba has scikit-image's labels to the last one too, and Numba is loaded only where it is worth it."""

import subprocess
import sys
import threading
from unittest import mock

import numpy as np
import pytest
from PIL import Image as Pillow
from skimage import segmentation

import limefw
from limefw.modalities.image import Image
from limefw_plugins.segmenters._part import Part
from limefw_plugins.segmenters._plane import HALF_ULP, Plane
from limefw_plugins.segmenters._ties import exactly


numba = pytest.importorskip("numba")
from limefw_plugins.segmenters import _compiled, _native  # noqa: E402 - needs Numba


RNG = np.random.default_rng


def noise(seed, shape):
    return RNG(seed).normal(scale=1e-5, size=shape)


def reference(points, kernel_size, max_dist, seed):
    return segmentation.quickshift(
        points, ratio=1.0, kernel_size=kernel_size, max_dist=max_dist, convert2lab=False, rng=seed
    )


def photograph(size):
    with Pillow.open(limefw.sample()) as photo:
        pixels = np.array(photo.convert("RGB").resize((size, size)))
    return Part.of(Image(pixels, (0, 255)), None, None).lab() * 0.2


@pytest.mark.parametrize("pairs", [1.0, 20_000.0])
def test_large_pictures_are_gone_through_some_lines_at_a_time(pairs):
    """Line by line, or four at a time: every pair of pixels is met, whichever lines it lies in."""
    points = photograph(50)
    with (
        mock.patch.object(_compiled, "PAIRS", pairs),
        mock.patch.object(_native, "add_pairs", wraps=_native.add_pairs) as added,
    ):
        found = _compiled.modes(points, 2.0, 200.0, noise(42, (50, 50)))
    np.testing.assert_array_equal(found, reference(points, 2.0, 200.0, 42))
    assert added.call_count == {1.0: 50, 20_000.0: 13}[pairs]


@pytest.mark.parametrize("kernel_size", [1.0, 2.0, 4.0])
@pytest.mark.parametrize("size", [28, 64, 300])
def test_a_photograph_is_cut_as_scikit_image_cuts_it(size, kernel_size):
    """From a digit's size to lines longer than are gone through at once."""
    points = photograph(size)
    assert size < _native.WIDE or size == 300
    found = _compiled.modes(points, kernel_size, 200.0, noise(42, (size, size)))
    np.testing.assert_array_equal(found, reference(points, kernel_size, 200.0, 42))


@pytest.mark.parametrize("points", [np.full((30, 40, 3), 7.0), np.zeros((1, 1, 1)), np.full((9, 9, 2), 1e200)])
def test_where_all_is_flat_or_huge_nothing_is_guessed(points):
    """All densities are too close to call, or their squares no numbers: they are computed as scikit-image does."""
    shape = points.shape[:2]
    found = _compiled.modes(points, 2.0, 15.0, noise(1, shape))
    np.testing.assert_array_equal(found, reference(points, 2.0, 15.0, 1))


def test_views_of_other_arrays_are_cut_alike():
    """Of every layout in memory."""
    points, noises = photograph(40), noise(3, (40, 40))
    expected = _compiled.modes(points, 2.0, 200.0, noises)
    np.testing.assert_array_equal(_compiled.modes(np.asfortranarray(points), 2.0, 200.0, noises), expected)
    apart = np.repeat(points, 2, axis=1)[:, ::2]
    np.testing.assert_array_equal(_compiled.modes(apart, 2.0, 200.0, noises), expected)


def test_exponentials_are_as_near_as_they_are_taken_for():
    """From 0 down to where they are lost beside 1."""
    exponents = np.concatenate([-np.geomspace(1e-20, 1000.0, 20_000), [0.0], -RNG(0).random(20_000) * 50])
    found = np.array([_native.exponential(float(exponent)) for exponent in exponents])
    off = np.abs(found - np.exp(exponents)).max() / HALF_ULP
    assert 1 < off < _native.INEXACT / 2


@pytest.mark.parametrize("kernel_size", [1.0, 4.0, 12.0])
def test_densities_are_as_near_as_they_are_taken_for(kernel_size):
    """Of a photograph: none is further from the exact one than a quarter of what two must differ by."""
    points, reach = photograph(50), int(np.ceil(3 * kernel_size))
    density, errors = _compiled._densities(points, reach, kernel_size)
    expected = exactly(Plane.of(points, kernel_size), np.zeros((50, 50)), np.arange(2500))
    doubt = HALF_ULP * (2 * reach + 1) ** 2 * (errors + 4 * density.max())
    assert 0 < np.abs(density.ravel() - expected).max() < doubt / 4 < 1e-7


def test_somebody_who_wants_to_stop_is_heard():
    """Between lines: nothing is left running, and the lock is given to other threads meanwhile."""
    points = RNG(0).random((500, 2000, 3)) * 20
    worker = threading.Thread(target=_compiled._densities, args=(points, 12, 4.0), daemon=True)
    worker.start()
    turns = 0
    while worker.is_alive():
        turns += 1
        worker.join(0.001)
    assert turns > 20
    with (
        mock.patch.object(_compiled, "PAIRS", 1.0),
        mock.patch.object(_native, "add_pairs", side_effect=[0.0, KeyboardInterrupt]) as added,
        pytest.raises(KeyboardInterrupt),
    ):
        _compiled.modes(points, 4.0, 200.0, noise(0, (500, 2000)))
    assert added.call_count == 2


def test_it_runs_where_machine_code_cannot_be_kept():
    """As in a container that can write nowhere: each process compiles it then."""
    refused = RuntimeError("cannot cache function 'double': no locator available for file")
    real = numba.njit

    def njit(function, *, cache=False, **options):
        if cache:
            raise refused
        return real(function, **options)

    with mock.patch.object(numba, "njit", njit):
        assert _native.native()(lambda number: 2 * number)(21) == 42


def run(code, **env):
    script = f"import sys, numpy as np\nfrom limefw_plugins.segmenters import _modes\n{code}"
    path = {"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], env=path | env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


CUT = """
def cut(size, kernel_size=4.0):
    points = np.random.default_rng(0).random((size, size, 3)) * 20
    labels = _modes.modes(points, kernel_size, 200.0, np.random.default_rng(1).normal(scale=1e-5, size=(size, size)))
    print("numba" in sys.modules, labels.max())
"""


def test_numba_is_loaded_once_it_is_worth_it():
    """Not for the first photograph of a model's size; from some twenty on, whose labels stay the same."""
    words = run(CUT + "for _ in range(25): cut(224)")
    assert words[0::2][0] == "False"
    assert words[0::2][-1] == "True"
    assert len(set(words[1::2])) == 1


def test_numba_switched_off_is_not_used():
    """As Python, the loops would take hours."""
    assert run(CUT + "_modes.spent.pairs = 1e12\ncut(30)", NUMBA_DISABLE_JIT="1")[1] == run(CUT + "cut(30)")[1]
    assert run("_modes.spent.pairs = 1e12\nprint(_modes.compiled())", NUMBA_DISABLE_JIT="1") == ["None"]
