"""Masks that overlap, and pictures that are too thin for numbers."""

import base64
import dataclasses
import html
import io
import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image as Pillow
from skimage.data import chelsea

import limefw
from limefw.modalities.image import Image
from limefw.types import Segments
from limefw_plugins.renderers import limefw_renderers
from limefw_plugins.renderers._areas import areas_at, cells_of, layers, points_in, winners
from limefw_plugins.renderers._captioned import title
from limefw_plugins.renderers._findings import findings, places_of
from limefw_plugins.renderers._marks import apart, points_of
from limefw_plugins.renderers._paint import PALETTES, tinted
from limefw_plugins.renderers._picture import view_of
from limefw_plugins.renderers._scales import exponent_of, in_unit, tick_texts, unit_of
from limefw_plugins.renderers._words import fidelity
from limefw_plugins.renderers.page import page
from limefw_plugins.renderers.plain_text import plain_text
from limefw_plugins.segmenters import given as these


FOR_IMAGES = [plugin for plugin in limefw_renderers() if plugin.modality in (None, "image")]
RENDERERS = [plugin.call for plugin in FOR_IMAGES if plugin.name != "tree"]
CAT = chelsea()[60:180, 100:260]
MASKS = np.zeros((5, 120, 160), dtype=bool)
MASKS[0, 10:80, 10:90] = True
MASKS[1, 40:110, 50:150] = True
MASKS[2] = MASKS[0]  # all covered by its twin
MASKS[3, 20:30, 20:30] = True
MASKS[4, :, 100:] = True


def light(batch):
    left, right = (
        np.asarray(batch, dtype=float)[:, :, part].mean((1, 2, 3)) / 255 for part in (slice(80), slice(80, 160))
    )
    return 0.5 + 0.4 * left - 0.3 * right


def explained(masks):
    return limefw.explain(
        Image(CAT, (0, 255)), light, segmenter=these(masks), samples=64, labels=0,
        filler={"use": "constant", "value": 0.0},
    )  # fmt: skip


@pytest.fixture(scope="module")
def overlapping():
    return explained(MASKS)


def shares(masks):
    cover = masks.sum(axis=0, dtype=float)
    return Segments(
        np.where(cover > 0, masks.argmax(axis=0), -1), ("",) * len(masks),
        basis=(masks / np.maximum(cover, 1.0)).astype(np.float32),
    )  # fmt: skip


some_masks = arrays(np.bool_, st.tuples(st.integers(1, 5), st.integers(1, 7), st.integers(1, 7)))


@settings(deadline=None)
@given(some_masks)
def test_the_areas_of_hard_masks_are_the_masks(masks):
    np.testing.assert_array_equal(shares(masks).areas(), masks)


@settings(deadline=None)
@given(arrays(np.float32, st.tuples(st.integers(1, 4), st.just(6), st.just(6)), elements=st.floats(0, 1, width=16)))
def test_no_soft_segment_is_nowhere(masks):
    cover = masks.sum(axis=0)
    segments = Segments(masks.argmax(axis=0), ("",) * len(masks), basis=masks / np.maximum(cover, 1.0))
    areas = segments.areas()
    np.testing.assert_array_equal(areas.any(axis=(1, 2)), masks.any(axis=(1, 2)))
    assert not (areas & (masks == 0)).any()


@settings(deadline=None)
@given(some_masks)
def test_cells_are_a_partition_whose_members_are_the_masks(masks):
    areas = dict(enumerate(masks))
    labels = winners(np.full(masks.shape[1:], -1), areas)
    cells, members = cells_of(labels, areas)
    assert ((cells >= 0) == masks.any(axis=0)).all()
    for cell, inside in enumerate(members):
        assert inside[0] == labels[cells == cell][0]
        for segment, mask in enumerate(masks):
            assert mask[cells == cell].all() if segment in inside else not mask[cells == cell].any()


@settings(deadline=None)
@given(some_masks)
def test_layers_hold_every_mask_whole(masks):
    found = layers(dict(enumerate(masks)), masks.shape[1:])
    for segment, mask in enumerate(masks):
        assert not mask.any() or sum(bool((layer == segment).any()) for layer in found) == 1
        assert all(((layer == segment) == mask).all() for layer in found if (layer == segment).any())


def test_the_smallest_of_those_shown_wins_where_the_label_map_shows_none_of_them():
    areas = {4: MASKS[4], 1: MASKS[1], 0: MASKS[0]}
    found = winners(np.full((120, 160), 3), areas)
    assert found[60, 60] == 0
    assert found[60, 120] == 1
    assert found[115, 120] == 4
    assert found[115, 20] == -1


def test_every_mask_has_a_place_and_a_point_of_its_own(overlapping):
    assert all(places_of(overlapping))
    view = view_of(overlapping)
    found = findings(overlapping, None, 5)
    points = np.array(points_of(view, found))
    assert len(found) == len(points) == 5
    for item, (x, y) in zip(found, points.astype(int), strict=True):
        assert areas_at(overlapping, [item.segment], view.size)[item.segment][y, x]
    away = np.hypot(*(points[:, None] - points[None]).T)
    assert away[~np.eye(5, dtype=bool)].min() > 8


def test_twins_have_points_apart():
    points = points_in(np.where(MASKS[0], 0, -1), {0: MASKS[0], 2: MASKS[2]}, 3)
    assert np.isnan(points[1]).all()
    assert np.hypot(*(points[0] - points[2])) > 15


def test_each_mask_shown_has_its_line_all_around_and_its_tint_where_it_wins(overlapping):
    view, found, colors = view_of(overlapping), findings(overlapping, None, 5), PALETTES["green-red"]
    pixels = tinted(view, found, 0.45, colors, boundaries=True)
    times = view.size[0] // 120
    first = found[0]
    area = MASKS[first.segment].repeat(times, axis=0).repeat(times, axis=1)
    edge = area & ~np.roll(area, times, axis=1)
    color = np.array([int(colors.fill(first.effect)[at : at + 2], 16) for at in (1, 3, 5)])
    # the strongest one's line lies on top of all others
    assert (pixels[edge] == color).all(axis=1).mean() > 0.95
    flat = tinted(view, found, 0.0, colors, boundaries=False)
    np.testing.assert_array_equal(flat[area], view.pixels[area])


@pytest.mark.parametrize("renderer", RENDERERS)
def test_every_renderer_takes_masks(renderer, overlapping):
    assert renderer(overlapping).data


def test_the_page_tells_of_every_cell_who_is_in_it(overlapping):
    data = page(overlapping).data
    figures = json.loads(re.search(r'id="limefw-data">(.*?)</script>', data, re.DOTALL)[1])
    assert all(figures["places"])
    assert all(figures["paths"])
    assert None not in figures["points"]
    together = {tuple(sorted(members)) for members in figures["cells"]}
    assert {(0, 2), (0, 1, 2), (0, 2, 3), (1,), (1, 4), (4,)} == together
    assert data.count('-c0"') >= 2


def test_what_soft_masks_say_is_not_cut_into_crumbs():
    rng = np.random.default_rng(0)
    noise = rng.random((6, 120, 160)) < 0.5
    assert len(page(explained(noise)).data) < 20_000_000
    areas = dict(enumerate(np.array([rng.random((60, 60)) < 0.5 for _ in range(14)])))
    labels = winners(np.full((60, 60), -1), areas)
    cells, members = cells_of(labels, areas)
    assert cells is labels
    assert members == [[segment] for segment in range(14)]


@pytest.fixture(scope="module")
def soft():
    """Return an explanation with blobs that fade out, and a corner that no blob covers."""
    rows, columns = np.indices((120, 160))
    blobs = [np.clip(1 - np.hypot(rows - y, columns - x) / 70, 0, 1) for y, x in ((30, 40), (40, 110), (80, 60))]
    return explained(np.stack(blobs))


@pytest.mark.parametrize("masks", ["soft", "overlapping"])
def test_the_pages_what_if_hides_so_much_of_each_pixel_as_the_model_saw_hidden(masks, request):
    explanation = request.getfixturevalue(masks)
    data = page(explanation).data
    gone = list(explanation.what_if[0].segments)
    basis = explanation.segments.basis
    wanted = basis[gone].sum(axis=0), basis.sum(axis=0) - basis[gone].sum(axis=0)
    found = re.findall(r'<mask id="([^"]+)".*?href="data:image/png;base64,([^"]+)"', data)
    assert [name.rpartition("-")[2] for name, _ in found] == ["gone", "rest"]
    for (name, coded), share in zip(found, wanted, strict=True):
        seen = np.asarray(Pillow.open(io.BytesIO(base64.b64decode(coded)))) / 255
        np.testing.assert_allclose(seen, share, atol=0.003)
        assert f'mask="url(#{name})"' in data
    # nothing else is striped
    assert data.count('-hidden)"') == 2


def test_of_soft_masks_the_share_is_the_weight(soft):
    weights = soft.segments.basis.mean(axis=(1, 2))
    for effect in soft.top(None):
        assert effect.share == pytest.approx(weights[effect.segment])
    texts = {f"{weight:.1%}" for weight in weights.tolist()}
    assert texts <= set(plain_text(soft).data.split())
    assert texts == set(
        json.loads(re.search(r'id="limefw-data">(.*?)</script>', page(soft).data, re.DOTALL)[1])["shares"]
    )


def test_of_hard_masks_that_overlap_the_share_is_the_area(overlapping):
    for effect in overlapping.top(None):
        assert effect.share == pytest.approx(MASKS[effect.segment].mean())


# --- thin pictures


@pytest.mark.parametrize("shape", [(40, 3000), (3000, 40)])
def test_a_thin_picture_keeps_its_shape_and_shows_every_number(shape):
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    stripes = {"use": "grid", "rows": 1 + 9 * (shape[0] > 40), "columns": 1 + 9 * (shape[1] > 40)}
    weights = np.arange(1, 11) / 60

    def predict(batch):
        means = np.asarray(batch, dtype=float).mean(axis=(3, 1 if shape[0] == 40 else 2)).reshape(len(batch), 10, 300)
        return means.mean(axis=2) @ weights / 255

    found = limefw.explain(
        pixels, predict, segmenter=stripes, samples=80, labels=0, filler={"use": "constant", "value": 0}
    )
    for longest in (1000, 448):
        tall, wide = view_of(found, longest=longest).size
        assert abs(tall / wide / (shape[0] / shape[1]) - 1) < 0.1
    for renderer in RENDERERS:
        assert renderer(found).data
    data = page(found).data
    figures = json.loads(re.search(r'id="limefw-data">(.*?)</script>', data, re.DOTALL)[1])
    width, height = map(float, re.search(r'id="stage"[^>]*viewBox="0 0 ([\d.]+) ([\d.]+)"', data).groups())
    points, anchors = np.array(figures["points"]), np.array(figures["anchors"])
    # numbers are whole, stand apart, and outside of the picture; where they belong to is inside
    assert ((points >= 19) & (points <= np.array([width, height]) - 19)).all()
    along = int(shape[0] > 40)
    assert np.diff(np.sort(points[:, along])).min() >= 44
    assert (anchors[:, 1 - along] <= 1000 * 40 / 3000).all()
    assert (points[:, 1 - along] > 1000 * 40 / 3000 + 19).all()


@settings(deadline=None)
@given(st.lists(st.floats(0, 1000), min_size=1, max_size=30), st.floats(1, 80))
def test_numbers_move_apart_and_stay_in_order(places, gap):
    places = np.sort(places)
    moved = apart(places, gap, 1000.0)
    room = min(gap, 1000 / len(places))
    assert (np.diff(moved) >= room - 1e-6).all()
    assert moved.min() >= room / 2 - 1e-6
    assert moved.max() <= 1000 - room / 2 + 1e-6


def test_numbers_with_room_stay_where_they_are():
    np.testing.assert_allclose(apart(np.array([100.0, 500.0, 900.0]), 40, 1000), [100, 500, 900])


# --- axes


def test_numbers_of_an_axis_share_a_power_of_ten():
    assert [exponent_of(reach) for reach in (0.5, 0.002, 1.6e-8, 3.4e6, 0.0, 99_999.0)] == [0, 0, -9, 6, 0, 0]
    assert unit_of("change", -9) == "change (×10⁻⁹)"
    assert unit_of("change", 0) == "change"
    assert tick_texts([-2e-8, 0.0, 2e-8], -9, sign=True) == ["−20", "0", "+20"]
    assert tick_texts([0.0, 0.05, 0.1], 0) == ["0", "0.05", "0.10"]
    assert tick_texts([-0.5, 0.0, 0.5, 1.0], 0, sign=True) == ["−0.5", "0", "+0.5", "+1.0"]
    assert in_unit(1.64e-8, -9, 1.64e-8) == "+16.4"
    assert in_unit(-2e-9, -9, 1.64e-8) == "−2.0"


# --- words


@pytest.mark.parametrize(
    ("drawn", "wanted", "unwanted"), [(False, "too few samples", "all 6"), (True, "all 6", "too few samples")]
)
def test_where_all_combinations_were_drawn_none_is_missing(make, drawn, wanted, unwanted):
    explanation = make()
    health = explanation.health.labels[285]
    explanation = dataclasses.replace(
        explanation,
        neighbourhood=dataclasses.replace(explanation.neighbourhood, exhaustive=drawn),
        health=dataclasses.replace(explanation.health, labels={285: dataclasses.replace(health, cross_fitted=None)}),
    )
    explanation = dataclasses.replace(
        explanation, fits={285: explanation.fits[285]}, names={285: "tabby"}, what_if={},
    )  # fmt: skip
    assert wanted in fidelity(explanation, 285)
    assert unwanted not in fidelity(explanation, 285)
    for renderer in (plain_text, page):
        said = " ".join(html.unescape(renderer(explanation).data).split())
        sentence = fidelity(explanation, 285)
        assert sentence[1:] in said
        assert ("10 or more are advisable" in said) is not drawn
        assert ("cannot be told" in said) is not drawn
        assert ("all combinations that there are" in said) is drawn


@pytest.mark.parametrize(
    ("name", "whole"), [("tabby", True), ("Полосатая кошка", True), ("猫", False), ("قط منزلي", False), ("חתול", False)]
)
def test_a_name_that_cannot_be_drawn_as_it_is_read_gives_way_to_its_number(make, name, whole):
    explanation = make(names={7: name})
    words = [word.text for word in title(explanation, 7).words]
    assert words[0] == (name if whole else "label 7")
    assert name in page(explanation).data
