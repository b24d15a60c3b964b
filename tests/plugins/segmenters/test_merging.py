"""Superpixels merged to a number, by Ward and by a binary partition tree."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from skimage.measure import label as pieces_of

import limefw
from limefw.modalities.frame import Frame
from limefw.modalities.image import Image
from limefw.stage import Stage, settled
from limefw.types import Contract
from limefw_plugins.segmenters._regions import connected, means_of, merged_down, touching


NAMES = ["merged", "partition_tree"]


def segment(name, image, **params):
    plugin = limefw.registry().get("segmenters", name)
    return Stage("segmenters", plugin, settled(plugin, params))(image, np.random.default_rng(0))


@pytest.fixture(scope="module")
def photo():
    with Pillow.open(limefw.sample()) as picture:
        return Image(np.array(picture.convert("RGB").resize((160, 120))), (0, 255))


def in_one_piece(labels):
    """Say whether each segment hangs together by the sides of pixels."""
    return pieces_of(labels + 1, background=0, connectivity=1).max() == labels.max() + 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channels", [1, 2, 3, 5])
@pytest.mark.parametrize(("dtype", "white"), [("uint8", 255.0), ("uint16", 65535.0), ("float32", 1.0), ("int32", 9e4)])
def test_the_wanted_number_of_whole_pieces_of_any_type(name, channels, dtype, white, photo):
    """As many as were asked for, numbered without gaps, each in one piece."""
    unit = np.moveaxis(np.resize(np.moveaxis(photo.unit(), 2, 0), (channels, *photo.shape)), 0, 2)
    found = segment(name, Image((unit * white).astype(dtype), (0.0, white)), n_segments=17)
    assert found.count == 17
    np.testing.assert_array_equal(np.unique(found.labels), np.arange(17))
    assert in_one_piece(found.labels)


@pytest.mark.parametrize("base", ["felzenszwalb", "grid", "quickshift", "slic", "watershed"])
@pytest.mark.parametrize("wish", [3, 25])
def test_any_base_can_be_merged(base, wish, photo):
    """Also quickshift, whose segments may lie in several pieces."""
    found = segment("merged", photo, base=base, n_segments=wish)
    assert found.count == wish
    assert in_one_piece(found.labels)
    assert not found.notes


@pytest.mark.parametrize("name", NAMES)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(2, 30), st.integers(0, 99))
@settings(deadline=None, max_examples=25)
def test_pictures_of_any_size_are_cut(name, height, width, wish, seed):
    """Into as many as wanted, or fewer where there are no more, and then it says so."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    found = segment(name, Image(pixels, (0, 255)), n_segments=wish)
    assert 1 <= found.count <= wish
    assert in_one_piece(found.labels)
    if name == "merged":
        assert (found.count < wish) == any("were asked for" in note for note in found.notes)


@pytest.mark.parametrize("name", NAMES)
def test_outside_of_the_region_and_in_padding_all_is_kept(name, photo):
    found = segment(name, photo, region=[0.25, 0.5, 0.75, 1.0])
    whole = np.ones(photo.shape, bool)
    whole[30:90, 80:] = False
    np.testing.assert_array_equal(found.labels == -1, whole)
    alone = segment(name, Image(photo.pixels[30:90, 80:], (0, 255)))
    np.testing.assert_array_equal(found.labels[30:90, 80:], alone.labels)
    wide = Image(photo.pixels[40:80], (0, 255))
    padded = Frame.fit(wide, Contract(size=(160, 160), resize="pad"))
    np.testing.assert_array_equal(segment(name, padded.enter(wide)).labels == -1, padded.outside())


@pytest.mark.parametrize("name", NAMES)
def test_only_the_chosen_channels_count(name, photo):
    noise = np.random.default_rng(1).integers(0, 256, (*photo.shape, 1), dtype=np.uint8)
    noisy = Image(np.concatenate([noise, photo.pixels], axis=2), (0, 255))
    np.testing.assert_array_equal(segment(name, noisy, channels=[1, 2, 3]).labels, segment(name, photo).labels)


def test_merged_is_ward_on_colour_and_position(photo):
    """Of a 4 x 4 grid of four colours the four quarters are left, whatever the picture's size."""
    row, column = np.indices((4, 4))
    small = np.random.default_rng(3).permutation(256)[:4][(row // 2 * 2 + column // 2)]
    for times in (4, 20):
        pixels = np.kron(small, np.ones((times, times), int)).astype(np.uint8)
        found = segment("merged", Image(pixels, (0, 255)), base="grid", base_segments=16, n_segments=4)
        quarters = np.kron(row // 2 * 2 + column // 2, np.ones((times, times), int))
        pairs = np.unique(np.stack([found.labels.ravel(), quarters.ravel()]), axis=1)
        assert pairs.shape[1] == 4, "one segment for each quarter"


def test_where_the_place_counts_nothing_only_colours_decide(photo):
    """Far positions cost nothing at a large position_scale, so a wide band of one colour stays one segment."""
    pixels = np.zeros((60, 240, 3), np.uint8)
    pixels[20:40] = 255
    found = segment("merged", Image(pixels, (0, 255)), base="grid", base_segments=48, n_segments=3, position_scale=1e6)
    assert [len(np.unique(found.labels[lines])) for lines in (slice(2, 18), slice(22, 38), slice(42, 58))] == [1, 1, 1]


def brute_force(sizes, means, pairs, count):
    """Merge the pair of least cost again and again, computing every cost anew."""
    groups = [{at} for at in range(len(sizes))]
    joined = {frozenset(pair) for pair in pairs.tolist()}

    def cost(one, other):
        a, b = (sum(sizes[at] for at in group) for group in (one, other))
        gap = sum(sizes[at] * means[at] for at in one) / a - sum(sizes[at] * means[at] for at in other) / b
        return a * b / (a + b) * (gap**2).sum()

    def near(one, other):
        return any(frozenset((first, second)) in joined for first in one for second in other)

    while len(groups) > count:
        options = [(a, b) for a in range(len(groups)) for b in range(a) if near(groups[a], groups[b])]
        a, b = min(options, key=lambda pair: cost(groups[pair[0]], groups[pair[1]]))
        groups[b] |= groups.pop(a)
    return {frozenset(group) for group in groups}


@given(st.integers(0, 10**6), st.integers(2, 5), st.integers(2, 5), st.integers(1, 6))
@settings(deadline=None, max_examples=30)
def test_the_tree_merges_what_costs_least(seed, lines, columns, count):
    rng = np.random.default_rng(seed)
    labels = np.kron(np.arange(lines * columns).reshape(lines, columns), np.ones((2, 2), int))
    sizes, means = means_of(labels, rng.random((*labels.shape, 3)))
    (found,) = merged_down(sizes, means, touching(labels), (count,))
    groups = {frozenset(np.flatnonzero(found == at).tolist()) for at in np.unique(found)}
    assert groups == brute_force(sizes, means, touching(labels), min(count, len(sizes)))


def test_a_coarser_cut_of_the_tree_is_made_of_the_finer(photo):
    """Parents say which of the coarse segments, cut alone, each is a part of."""
    fine = segment("partition_tree", photo, n_segments=40, coarse=9)
    coarse = segment("partition_tree", photo, n_segments=9)
    np.testing.assert_array_equal(fine.labels, segment("partition_tree", photo, n_segments=40).labels)
    np.testing.assert_array_equal(fine.parents[fine.labels], coarse.labels)
    with pytest.raises(limefw.InputError, match="coarse is less than n_segments = 9"):
        segment("partition_tree", photo, n_segments=9, coarse=9)


def test_the_tree_keeps_what_stands_out(photo):
    """A small square on a plain ground is a segment of its own among three."""
    pixels = np.full((80, 80, 3), 120, np.uint8)
    pixels[30:50, 50:70] = (250, 30, 30)
    found = segment("partition_tree", Image(pixels, (0, 255)), n_segments=3, regions=400)
    inside = found.labels[30:50, 50:70]
    most = np.bincount(inside.ravel()).argmax()
    assert (inside == most).mean() > 0.8
    assert (found.labels == most).sum() < 1.3 * 400


def test_pieces_of_one_label_are_told_apart():
    labels = np.array([[5, 9, 5], [5, 9, 5]])
    np.testing.assert_array_equal(connected(labels), [[0, 1, 2], [0, 1, 2]])
    np.testing.assert_array_equal(touching(connected(labels)), [[0, 1], [1, 2]])


def test_where_colours_count_nothing_only_the_place_decides():
    """No segment runs along the band any more."""
    pixels = np.zeros((60, 240, 3), np.uint8)
    pixels[20:40] = 255
    found = segment("merged", Image(pixels, (0, 255)), base="grid", base_segments=48, n_segments=3, color_scale=1e6)
    widths = [np.ptp(np.nonzero(found.labels == at)[1]) + 1 for at in range(3)]
    assert max(widths) < 160


def test_a_picture_is_cut_alike_at_any_size():
    """Where colours and places both count, too."""
    small = (np.random.default_rng(0).integers(0, 120, (8, 8)) + 10 * np.arange(8)).astype(np.uint8)
    found = []
    for times in (4, 20):
        pixels = np.kron(small, np.ones((times, times), np.uint8))
        labels = segment("merged", Image(pixels, (0, 255)), base="grid", base_segments=64, n_segments=9).labels
        found.append(labels[times // 2 :: times, times // 2 :: times])
    pairs = np.unique(np.stack([one.ravel() for one in found]), axis=1)
    assert pairs.shape[1] == 9
