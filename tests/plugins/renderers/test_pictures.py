import dataclasses
import importlib
import io
import re

import numpy as np
import pytest
from PIL import Image as Pillow
from skimage.data import chelsea

from limefw.errors import LabelError
from limefw.modalities.image import Image
from limefw_plugins.renderers._captioned import captioned, listed_effects
from limefw_plugins.renderers._findings import Finding, findings, intervals_called, intervals_of
from limefw_plugins.renderers._marks import spread
from limefw_plugins.renderers._paint import PALETTES
from limefw_plugins.renderers._words import Wording
from limefw_plugins.renderers.bars import bars
from limefw_plugins.renderers.figure import figure
from limefw_plugins.renderers.heatmap import heatmap, what_signs
from limefw_plugins.renderers.overlay import overlay
from limefw_plugins.renderers.page import page
from limefw_plugins.renderers.top_only import top_only
from limefw_plugins.renderers.vector import vector
from limefw_plugins.renderers.what_if import what_if


PICTURES = [overlay, heatmap, bars, figure, top_only, what_if]
BARE = [overlay, heatmap, top_only]
SMALL = Image(chelsea()[60:180, 100:260], (0, 255))


def pixels_of(rendering):
    return np.asarray(Pillow.open(io.BytesIO(rendering.data)).convert("RGB")).astype(int)


@pytest.mark.parametrize("renderer", PICTURES)
def test_a_picture_is_a_png_with_a_live_figure(renderer, explanation):
    rendering = renderer(explanation)
    assert (rendering.media_type, rendering.suffix) == ("image/png", ".png")
    assert rendering.data.startswith(b"\x89PNG")
    assert type(rendering.figure).__name__ == "Figure"


@pytest.mark.parametrize("renderer", PICTURES)
def test_equal_explanations_make_equal_bytes_whatever_the_users_style(renderer, make):
    import matplotlib as mpl

    plain = renderer(make()).data
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "savefig.dpi": 37}):
        assert renderer(make()).data == plain
        assert mpl.rcParams["font.size"] == 30


@pytest.mark.parametrize("renderer", PICTURES)
def test_no_figure_reaches_pyplot(renderer, explanation):
    import matplotlib.pyplot as plt

    renderer(explanation)
    assert plt.get_fignums() == []


@pytest.mark.parametrize("renderer", BARE)
def test_the_photograph_keeps_its_own_width(renderer, explanation):
    picture = pixels_of(renderer(explanation))
    assert picture.shape[1] == 451
    assert picture.shape[0] > 300


def test_the_overlay_shows_the_photograph_pixel_for_pixel_where_nothing_is_tinted(make):
    explanation = make(zero=True)
    picture = pixels_of(overlay(explanation))
    np.testing.assert_array_equal(picture[:300, :451], explanation.instance.pixels)


def test_a_segment_that_speaks_for_the_label_is_greener_than_before(explanation):
    picture = pixels_of(overlay(explanation, boundaries=False))[:300, :451]
    photo = explanation.instance.pixels.astype(int)
    for item in findings(explanation, None, 5):
        inside = explanation.label_map == item.segment
        greener = (picture - photo)[inside] @ np.array([-1, 1, 0])
        assert np.sign(np.median(greener)) == np.sign(item.effect)


def test_a_tint_of_none_leaves_chosen_segments_as_they_were(explanation):
    picture = pixels_of(overlay(explanation, boundaries=False, alpha=0.0))[:300, :451]
    first = findings(explanation, None, 1)[0]
    same = (picture == explanation.instance.pixels).all(axis=2)[explanation.label_map == first.segment]
    # the badge covers some
    assert same.mean() > 0.7


def test_positive_only_tints_no_segment_that_speaks_against(explanation):
    found = findings(explanation, None, 5, positive_only=True)
    assert found
    assert all(item.effect > 0 for item in found)
    assert overlay(explanation, positive_only=True).data != overlay(explanation).data


def test_boundaries_are_drawn_in_pure_green_and_red(explanation):
    def has(picture, color):
        return (picture[:300, :451] == color).all(axis=2).any()

    for boundaries in (True, False):
        picture = pixels_of(overlay(explanation, boundaries=boundaries))
        assert has(picture, (0x1A, 0x98, 0x50)) is np.bool_(boundaries)
        assert has(picture, (0xD7, 0x30, 0x27)) is np.bool_(boundaries)


def test_small_photographs_are_magnified_by_a_whole_number(make):
    small = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    explanation = make(Image(small, (0, 255)), count=12, zero=True)
    picture = pixels_of(overlay(explanation))
    # centred above the text, which needs 400 pixels
    np.testing.assert_array_equal(picture[: 32 * 12 : 12, 8 : 8 + 32 * 12 : 12], small)


def test_labels_are_given_by_number_or_name(explanation):
    assert overlay(explanation, label="TABBY").data == overlay(explanation, label=281).data
    assert overlay(explanation, label="tabby").data != overlay(explanation).data


@pytest.mark.parametrize("renderer", PICTURES)
def test_an_unknown_label_is_an_error_that_lists_those_there_are(renderer, explanation):
    with pytest.raises(LabelError, match="285 Egyptian Mau"):
        renderer(explanation, label="dog")


@pytest.mark.parametrize("renderer", PICTURES)
def test_effects_of_0_everywhere_still_make_a_picture(renderer, make):
    caution = ("all_zero", "label 285: every effect is 0: the surrogate saw nothing")
    assert renderer(make(zero=True, cautions=[caution])).data


@pytest.mark.parametrize("renderer", PICTURES)
@pytest.mark.parametrize("name", ["$\\frac{", "猫 🐱", "a\nb\x1b[31m", "x" * 300, "<script>", ""])
def test_no_class_name_breaks_a_picture(renderer, name, make):
    assert renderer(make(SMALL, names={0: name, 1: "other"}, predictions=(0.6, 0.4), count=12)).data


def test_the_heat_map_is_symmetric_about_0(explanation):
    from limefw_plugins.renderers._picture import view_of
    from limefw_plugins.renderers.heatmap import relative_effects

    limit, values = relative_effects(explanation, 285, view_of(explanation))
    assert limit == np.abs(explanation.fit().effects).max()
    assert np.abs(values).max() == 1


def test_colours_for_the_colour_blind_are_blue_and_orange(explanation):
    strongest = explanation.label_map == findings(explanation, None, 1)[0].segment
    picture = pixels_of(heatmap(explanation, palette="blue-orange"))[:300, :451]
    red, _, blue = np.median(picture[strongest], axis=0)
    assert blue > red


def test_bars_without_standard_errors_have_no_whiskers(make):
    with_errors = bars(make()).figure.axes[1]
    without = bars(make(errors=False)).figure.axes[1]
    assert len(with_errors.containers) == 2
    assert len(without.containers) == 1


def test_the_number_of_bars_is_top(explanation):
    assert len(bars(explanation, top=3).figure.axes[1].patches) == 3


def test_without_effects_the_photograph_stands_alone(make):
    assert bars(make(zero=True)).figure.get_figwidth() < 0.75 * bars(make()).figure.get_figwidth()


@pytest.mark.parametrize("renderer", BARE)
def test_without_a_caption_a_picture_is_as_large_as_the_photograph(renderer, explanation):
    assert pixels_of(renderer(explanation, caption=False, longest=0)).shape == (300, 451, 3)


@pytest.mark.parametrize("renderer", [overlay, heatmap, bars, figure, top_only])
def test_the_safe_palette_is_blue_and_orange_and_never_green_and_red(renderer, explanation):
    plain, safe = (pixels_of(renderer(explanation, palette=name)) for name in ("green-red", "blue-orange"))
    assert (plain != safe).any()

    def has(picture, color):
        return (picture == color).all(axis=2).any()

    for color in ((0x1A, 0x98, 0x50), (0xD7, 0x30, 0x27), (0x0F, 0x6B, 0x35), (0xB3, 0x20, 0x1A)):
        assert not has(safe, color)


@pytest.mark.parametrize("rest", ["grey", "black", "white", "blurred"])
def test_only_the_strongest_are_as_they_were(rest, explanation):
    picture = pixels_of(top_only(explanation, rest=rest, top=3, caption=False))
    photo = explanation.instance.pixels
    chosen = np.isin(explanation.label_map, explanation.chosen(num_features=3))
    np.testing.assert_array_equal(picture[chosen], photo[chosen])
    rest_of_it = picture[~chosen]
    if rest in ("black", "white"):
        assert (rest_of_it == (0 if rest == "black" else 255)).all()
    elif rest == "grey":
        # but for the line around what is shown
        assert (np.ptp(rest_of_it, axis=1) == 0).mean() > 0.95
    else:
        assert (rest_of_it != photo[~chosen]).any(axis=1).mean() > 0.8


def test_the_what_if_picture_hides_what_was_hidden(explanation):
    picture = pixels_of(what_if(explanation))
    assert picture.shape[1] > 3 * 300
    unasked = dataclasses.replace(explanation, what_if={})
    assert pixels_of(what_if(unasked)).shape != picture.shape


def test_bars_name_segments_by_the_number_that_pictures_show(explanation):
    axes = bars(explanation, top=3).figure.axes[1]
    printed = {text.get_text() for text in axes.texts}
    for effect, tick in zip(explanation.top(3), axes.get_yticklabels(), strict=True):
        assert str(effect.segment) in printed
        assert tick.get_text().startswith(f"superpixel {effect.segment},")


def test_the_figure_says_what_its_large_dot_is(explanation):
    titles = [axes.get_title() for axes in figure(explanation).figure.axes]
    assert any("the large one the whole image" in text for text in titles)


GREY = Image(np.full((120, 160, 1), 190, np.uint8), (0, 255))


def test_what_is_kept_of_a_grey_photograph_has_a_line_outside_of_it(make):
    explanation = make(GREY, count=12)
    picture = pixels_of(top_only(explanation, caption=False, scale=1, top=2))
    chosen = np.isin(explanation.label_map, explanation.chosen(num_features=2))
    line = (picture == (0x1A, 0x98, 0x50)).all(axis=2)
    assert line.any()
    assert not line[chosen].any()
    assert (picture[chosen] == 190).all()


def test_the_what_if_picture_is_striped_bluish_with_white_lines(make):
    picture = pixels_of(what_if(make(GREY, count=12)))
    assert ((picture == (0x9A, 0xA1, 0xA9)).all(axis=2)).any()
    assert ((picture == (0x7D, 0x87, 0x93)).all(axis=2)).any()
    bluish = picture[..., 2] - picture[..., 0] >= 10
    beside = np.zeros_like(bluish)
    beside[:, 1:] = bluish[:, :-1] & (picture[:, 1:] == 255).all(axis=2)
    assert beside[100:400, 520:].any()


def strengths(make, effects, margin):
    """Return an explanation whose first segments have some effects, all with one margin."""
    explanation = make(count=12)
    every = np.zeros(explanation.segments.count)
    every[: len(effects)] = effects
    covariance = np.eye(len(every)) * (margin / 1.96) ** 2
    fits = {label: dataclasses.replace(fit, effects=every, covariance=covariance)
            for label, fit in explanation.fits.items()}  # fmt: skip
    return dataclasses.replace(explanation, fits=fits)


def test_a_tint_is_as_strong_as_its_effect_on_the_page_and_in_pictures(make):
    """Half the effect, half the tint; one that may be chance has none, and a pale line."""
    explanation = strengths(make, (0.2, 0.1, -0.02), 0.03)
    photo = explanation.instance.pixels.astype(float)
    picture = pixels_of(overlay(explanation, boundaries=False, alpha=0.4, longest=0))[:300, :451]
    green = np.array([0x1A, 0x98, 0x50])
    for segment, share in ((0, 0.4), (1, 0.2), (2, 0.0)):
        inside = explanation.label_map == segment
        wanted = np.rint(photo * (1 - share) + green * share)
        # its number hides some
        assert (np.abs(picture - wanted).max(axis=2) <= 1)[inside].mean() > 0.8
    shapes = re.findall(r'class="(for|against)( faint)?" fill-opacity="([^"]+)"', page(explanation).data)
    assert shapes[:3] == [("for", "", "0.4"), ("for", "", "0.2"), ("against", " faint", "0.0")]
    assert "pale: no clear effect" in page(explanation).data
    clear = strengths(make, (0.2, 0.1, -0.02), 0.01)
    for renderer in (overlay, bars, figure, vector):
        assert renderer(explanation).data != renderer(clear).data
    red = (pixels_of(overlay(clear, longest=0)) == (0xD7, 0x30, 0x27)).all(axis=2)
    assert red.any()
    assert not (pixels_of(overlay(explanation, longest=0)) == (0xD7, 0x30, 0x27)).all(axis=2)[:300].any()


@pytest.mark.parametrize("renderer", [heatmap, figure])
def test_effects_that_are_rounding_have_no_colour(renderer, make):
    explanation = make(count=12)
    noise = np.random.default_rng(0).normal(size=explanation.segments.count) * 1e-17
    none = {label: dataclasses.replace(fit, effects=np.zeros_like(noise)) for label, fit in explanation.fits.items()}
    tiny = {label: dataclasses.replace(fit, effects=noise) for label, fit in explanation.fits.items()}
    one, other = (renderer(dataclasses.replace(explanation, fits=fits, what_if={})).data for fits in (none, tiny))
    assert one == other


def test_the_signs_of_a_heat_map_are_explained_below_it_and_lie_inside(make):
    from limefw_plugins.renderers._words import wording_of

    explanation = make(count=12)
    found = findings(explanation, None, 8)
    assert "The strongest are marked: + speaks for" in what_signs(found, wording_of(explanation))
    assert what_signs([], wording_of(explanation)) == ""
    strip = heatmap(make(Image(chelsea()[:, 100:130], (0, 255)), count=40))
    width = strip.figure.axes[0].get_xlim()[1]
    places = [text.get_position() for text in strip.figure.axes[0].texts]
    assert places
    assert all(2 < x < width - 2 for x, _ in places)
    for at, (x, y) in enumerate(places):
        assert all(max(abs(x - left), abs(y - top)) > 10 for left, top in places[:at])


def test_numbers_lie_apart_and_inside_however_many_there_are():
    rng = np.random.default_rng(0)
    for count, spot in ((5, 300), (60, 300), (60, 40)):
        wanted, whole = rng.uniform(0, spot, (count, 2)), np.array([400.0, 300.0])
        boxes = np.column_stack([rng.uniform(8, 14, count), np.full(count, 9.0)])
        places = spread(wanted, boxes, whole)
        assert (places >= boxes).all()
        assert (places <= whole - boxes).all()
        for at in range(count):
            away = np.abs(places[at] - places[:at]) - (boxes[at] + boxes[:at])
            assert (away >= 0).any(axis=1).all()
        np.testing.assert_array_equal(places[0], np.clip(wanted[0], boxes[0], whole - boxes[0]))


def test_the_top_says_what_it_leaves_out(explanation, monkeypatch):
    """Of the strongest, those that speak against; where all are shown, nothing is said."""
    module, said = importlib.import_module("limefw_plugins.renderers.top_only"), []

    def keep(pixels, paragraphs, reserved=0.0):
        said.append(" ".join(word.text for part in paragraphs for word in part.words))
        return captioned(pixels, paragraphs, reserved)

    monkeypatch.setattr(module, "captioned", keep)
    assert any(effect.effect < 0 for effect in explanation.top(5))
    for positive_only in (True, False):
        top_only(explanation, top=5, positive_only=positive_only)
    assert ["What speaks against is left out." in text for text in said] == [True, False]


def test_effects_below_a_picture_say_how_well_they_are_known():
    """With half an interval, and a mark before a rank that is not resolved; exact ones stand alone."""

    def finding(segment, effect, margin, tied=False):
        return Finding(1, segment, f"superpixel {segment}", effect, margin, 0.1, "centre", 3, tied, 0.3)

    words, colors = Wording("probability", part="superpixel"), PALETTES["green-red"]
    known = listed_effects([finding(4, 0.3, 0.0125), finding(7, -0.29, 0.02, tied=True)], words, colors)
    text = " ".join(each.text for each in known.words).replace("\N{NO-BREAK SPACE}", " ")
    assert "by superpixel with 95% intervals:" in text
    assert re.search(r"4: \+0\.300 ± 0\.01[23].*≈ 7: \N{MINUS SIGN}0\.290 ± 0\.020.*≈ rank not resolved", text)
    assert intervals_of([finding(4, 0.3, 0.0125)]).startswith("The strongest are known to ± 0.01")
    assert intervals_called(
        [finding(4, 0.3, 0.0125), dataclasses.replace(finding(7, 0.2, 0.02), posterior=True)]
    ).endswith("the posterior")
    for margin in (None, 0.0):
        plain = listed_effects([finding(4, 0.3, margin)], words, colors)
        text = " ".join(each.text for each in plain.words)
        assert "±" not in text
        assert "95%" not in text
