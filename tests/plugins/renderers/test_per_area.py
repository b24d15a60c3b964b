"""Effects per area: a large segment has more by its size alone."""

import io

import numpy as np
import pytest
from PIL import Image as Pillow

import limefw


@pytest.fixture(scope="module")
def explanation():
    """A broad and a narrow stripe of equal effect, and one of half of it that is broad."""

    def box(batch):
        shown = (batch[:, 0, [2, 65, 90], 0] > 0) @ np.array([0.4, 0.4, -0.2])
        return np.stack([0.8 - shown, 0.2 + shown], axis=1)

    edges = np.repeat([0, 1, 2], [64, 4, 32])[None].repeat(50, axis=0)
    return limefw.explain(
        np.full((50, 100, 3), 250, np.uint8), limefw.model(box), labels=[1], samples=8, what_if=0,
        segmenter=lambda image, rng, /: limefw.Segments.from_labels(edges), sampler="exhaustive", surrogate="linear",
        filler={"use": "constant", "value": 0.0}, kernel="flat", target="probability",
    )  # fmt: skip


def test_an_effect_is_divided_by_the_hundredths_of_the_picture_that_it_covers(explanation):
    np.testing.assert_allclose(explanation.effects(per_area=True), [0.4 / 64, 0.4 / 4, -0.2 / 32], atol=1e-12)
    shown = explanation.values_of(per_area=True)
    assert shown[0, [3, 65, 80]] == pytest.approx([0.4 / 64, 0.1, -0.2 / 32])
    assert shown.mean() * 100 == pytest.approx(explanation.effects().sum()), "the map sums up to the effects"
    np.testing.assert_array_equal(explanation.values_of(), explanation.effects()[explanation.segments.labels])


def test_its_signs_are_those_of_the_strongest_colours(explanation):
    """Of broad and narrow stripes of equal effect the narrow one alone is strong enough for a sign."""
    from limefw_plugins.renderers.heatmap import _strongest, signed_findings

    for per_area, signed in ((False, [0, 1, 2]), (True, [1])):
        found = _strongest(explanation, 1, per_area=per_area)
        assert sorted(item.segment for item in signed_findings(found)) == signed
        assert found[0].strongest == abs(found[0].effect)


def test_the_heat_map_shows_it(explanation):
    """The narrow stripe has the full colour, and the broad one of equal effect is pale beside it."""

    def strength(per_area):
        renderer = {"use": "heatmap", "caption": False, "per_area": per_area, "scale": 1}
        with Pillow.open(io.BytesIO(explanation.render(renderer).data)) as picture:
            pixels = np.array(picture.convert("RGB")).astype(int)
        return [pixels[48, at, 1] - pixels[48, at, 0] for at in (3, 65)]  # green less red, away from the signs

    broad, narrow = strength(per_area=False)
    assert broad == narrow > 50
    broad, narrow = strength(per_area=True)
    assert narrow > 50
    assert broad < narrow / 4
