"""What an image is explained by where no recipe is named: `image`, which is `quick`, for whatever model there is."""

import numpy as np
import pytest

import limefw
from limefw.pipeline import recipe_for


def share(batch):
    """Return a probability between .1 and .9 that grows with the light in the upper half."""
    rows = max(1, batch.shape[1] // 2)
    return 0.1 + 0.8 * batch[:, :rows].astype(np.float64).mean(axis=(1, 2, 3)) / 255


def logit(batch):
    odds = share(batch)
    return np.log(odds / (1 - odds))


MODELS = {
    "probabilities": lambda batch: np.stack([1 - share(batch), share(batch)], axis=1),
    "logits": lambda batch: np.stack([np.zeros(len(batch)), logit(batch)], axis=1),
    "sigmoid": share,
    "sigmoid_logits": logit,
    "scores": lambda batch: np.stack([-3.0 * share(batch), 40.0 * share(batch)], axis=1),
    "values": lambda batch: 250.0 + 1000.0 * share(batch),
}
ODDS = {"probabilities", "logits", "sigmoid", "sigmoid_logits"}
RENDERERS = ("text", "sentences", "html", "overlay", "heatmap", "bars", "json")


def model_of(head):
    return limefw.model(MODELS[head], use={"use": "callable", "head": head})


def photo(*shape):
    return np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)


def codes_of(explanation):
    return {caution.code for caution in explanation.health.cautions}


def test_it_is_image_which_is_quick():
    """Nothing but the name differs, and what says nothing of `extends` goes on standing on lime."""
    settled = recipe_for(photo(8, 8, 3))
    assert settled == limefw.build("image") == limefw.build("quick")
    assert limefw.explain(photo(16, 16, 3), MODELS["probabilities"]).provenance["recipe"] == settled.to_mapping()
    assert limefw.build({}) == limefw.build() == limefw.build("lime")
    assert limefw.build({}) != settled


@pytest.mark.parametrize("head", MODELS)
def test_every_head_is_explained_on_a_scale_of_its_own(head):
    """Log-odds where there are probabilities, what the model returns where there are none; said so everywhere."""
    image = photo(40, 50, 3)
    found = limefw.explain(image, model_of(head), labels=[0 if head == "values" else 1])
    expected = logit(image[None])[0] if head in ODDS else MODELS[head](image[None]).ravel()[-1]
    assert found.prediction() == pytest.approx(expected)
    assert found.health.labels[found.labels[0]].cross_fitted > 0.99, "all of these are nearly sums"
    unit = {"scores": "change of score", "values": "change of predicted value"}.get(head, "change of log-odds")
    drawn = {name: " ".join(str(found.render(name).data).split()) for name in RENDERERS}
    assert unit in drawn["json"]
    assert unit in drawn["text"]
    assert unit in drawn["html"]
    for name in ("text", "html", "sentences"):
        assert ("doubles the odds" in drawn[name]) == (head in ODDS)
        assert "unbounded" not in drawn[name].split("How this was made")[0]


def test_answers_are_told_as_probabilities():
    """What the model itself says, with and without its strongest supporters; effects alone are in log-odds."""
    image = photo(40, 50, 3)
    found = limefw.explain(image, limefw.model(MODELS["probabilities"], classes=["dark", "light"]), labels=["light"])
    text, said = " ".join(str(found.render("text").data).split()), found.what_if[1]
    without = 1 / (1 + np.exp(-said.without))
    assert f"says light with probability {share(image[None])[0]:.2f}." in text
    assert f"the model itself says {without:.2f} instead of {share(image[None])[0]:.2f}" in text
    assert " log-odds; " in repr(found)


def test_answers_that_end_at_0_or_1_are_told_in_log_odds():
    """Where each would read > 0.9999 nobody could see that hiding the strongest changed anything."""
    sure = limefw.model(lambda batch: 10 + 2 * logit(batch), use={"use": "callable", "head": "sigmoid_logits"})
    found = limefw.explain(photo(40, 50, 3), sure, labels=[1])
    said = found.what_if[1]
    text = " ".join(str(found.render("text").data).split())
    assert "with probability > 0.9999." in text
    assert f"the model itself says log-odds {said.without:.1f} instead of {said.prediction:.1f}" in text
    assert f"log-odds {said.prediction:.1f}</b> → <b>{said.without:.1f}" in str(found.render("html").data)


def test_outputs_that_sum_to_no_1_are_explained():
    """Several labels may hold at once."""
    independent = limefw.model(
        lambda batch: np.stack([share(batch), share(batch) ** 2, 0.5 * share(batch)], axis=1),
        use={"use": "callable", "head": "sigmoid"},
    )
    found = limefw.explain(photo(40, 50, 3), independent)
    assert len(found.labels) == 3
    assert all(found.health.labels[label].cross_fitted > 0.9 for label in found.labels)


def test_who_asks_for_log_odds_is_refused_where_there_are_none():
    """The default's kindness is its own: a target that was named is not changed behind anyone's back."""
    for settings in ({"target": "log_odds"}, {"recipe": "confident"}):
        with pytest.raises(limefw.ModelError, match="target 'log_odds' needs a classifier with probabilities"):
            limefw.explain(photo(16, 16, 3), model_of("values"), **settings)


@pytest.mark.parametrize(
    "shape",
    [
        (28, 28),
        (28, 28, 1),
        (8, 8),
        (1, 30, 3),
        (30, 1, 3),
        (2, 2, 3),
        (3, 3, 3),
        (40, 40, 2),
        (40, 40, 5),
        (64, 64, 3),
    ],
)
@pytest.mark.parametrize("samples", [None, 20, "auto"])
def test_pictures_of_any_size_are_explained(shape, samples):
    """Small ones too: what is hidden there looks otherwise than before."""
    budget = {} if samples is None else {"samples": samples}
    found = limefw.explain(photo(*shape), MODELS["probabilities"], **budget)
    assert 2 <= found.segments.count <= 25
    assert found.health.samples <= (256 if samples is None else 2000 if samples == "auto" else 20)
    assert not codes_of(found) & {"filler_hides_nothing", "constant_model", "all_zero"}
    assert np.abs(found.effects()).max() > 0


def test_segments_of_a_pixel_are_hidden_too():
    """A pixel's own mean hides nothing, that of 16 around it does. Of larger pictures segments keep their own."""
    single = limefw.explain(photo(8, 8, 3), MODELS["probabilities"], segmenter={"use": "grid", "rows": 8, "columns": 8})
    assert not codes_of(single) & {"filler_hides_nothing", "constant_model"}
    image, grid = photo(60, 60, 3), {"use": "grid", "rows": 10, "columns": 10}
    one, other = (
        limefw.explain(image, MODELS["probabilities"], segmenter=grid, samples=300, filler={"patches": patches})
        for patches in (50, None)
    )
    np.testing.assert_array_equal(one.effects(), other.effects())


def test_one_colour_is_told_and_one_pixel_refused():
    flat = limefw.explain(np.full((20, 20, 3), 90, np.uint8), MODELS["probabilities"])
    assert {"filler_hides_nothing", "constant_model"} <= codes_of(flat)
    with pytest.raises(limefw.InputError, match="There is nothing to cut"):
        limefw.explain(photo(1, 1, 3), MODELS["probabilities"])


@pytest.mark.parametrize("samples", [2, 3, 20, 51])
def test_few_samples_are_a_design_all_the_same(samples):
    """Pairs, the instance and the all-hidden picture first; that they are too few is said."""
    found = limefw.explain(photo(40, 40, 3), MODELS["probabilities"], samples=samples, what_if=0)
    codes = found.neighbourhood.codes
    assert len(codes) == samples - samples % 2
    assert (codes[::2] ^ codes[1::2]).all()
    assert "too_few_samples" in codes_of(found)


def test_the_sample_photograph_takes_256_rows_and_what_if():
    """Two questions more for each of three labels."""
    model = limefw.model()
    rows = []

    def counted(batch):
        rows.append(len(batch))
        return model.predict(batch)

    found = limefw.explain(limefw.sample(), limefw.Model(counted, contract=model.contract))
    assert found.health.samples <= 256
    assert sum(rows) <= 256 + 2 * len(found.labels)
    assert found.provenance["rows"]["predicted"] == sum(rows)
