"""Where lime is silently wrong, and what is done instead: a test for each deviation that the documentation lists."""

import re
import warnings

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from limefw.compat.lime import discretize, lime_image, lime_tabular, lime_text
from limefw.compat.lime.submodular_pick import SubmodularPick


GRID = np.indices((24, 24))[0] // 8 * 3 + np.indices((24, 24))[1] // 8


def two(score):
    """Return two classes by one score."""
    yes = 1 / (1 + np.exp(-np.asarray(score, dtype=float)))
    return np.stack([1 - yes, yes], axis=1)


def brightness_of(part):
    def predict(images):
        return two(images[:, part].mean(axis=(1, 2)) / 40 - 3)

    return predict


def explain_image(pixels, predict, **asked):
    explainer = lime_image.LimeImageExplainer(random_state=0)
    return explainer.explain_instance(pixels, predict, progress_bar=False, **asked)


@pytest.mark.parametrize("labels", [GRID + 1, GRID * 5 + 7, GRID - 4], ids=["from 1", "with gaps", "negative"])
def test_labels_need_not_be_counted_from_0(labels):
    """1: with labels from 1 lime never hides the last superpixel; here features go by the user's own labels."""
    pixels = np.random.default_rng(0).integers(0, 256, (24, 24, 3)).astype(np.uint8)
    last = labels.max()
    found = explain_image(
        pixels, brightness_of(labels == last), segmentation_fn=lambda _: labels, hide_color=0, top_labels=2
    )
    weights = dict(found.local_exp[1])
    assert set(weights) == set(np.unique(labels).tolist())
    assert weights.pop(last) > 0.3
    assert max(map(abs, weights.values())) < 0.02
    _, mask = found.get_image_and_mask(1, num_features=1)
    np.testing.assert_array_equal(mask != 0, labels == last)


def test_a_bin_of_one_value_gives_that_value():
    """2: lime gives the value standardised: the model reads 0.0 where all training rows have 3.0."""
    rng = np.random.default_rng(0)
    rows = np.column_stack([np.maximum(3.0, rng.normal(3.2, 1, 300)), rng.normal(size=300)])
    cut = discretize.QuartileDiscretizer(rows, [], ["floor", "x"], random_state=0)
    assert cut.mins[0][0] == cut.maxs[0][0] == 3.0
    assert (cut.undiscretize(cut.discretize(rows))[rows[:, 0] == 3.0, 0] == 3.0).all()
    seen = []

    def predict(batch):
        seen.append(batch[:, 0])
        return batch[:, 1]

    explainer = lime_tabular.LimeTabularExplainer(rows, mode="regression", random_state=0)
    explainer.explain_instance(rows[0], predict, num_samples=300)
    assert np.concatenate(seen).min() == 3.0


def sparse_rows(scale):
    """Return rows of which many entries are 0, columns with standard deviations that are multiples of `scale`."""
    rng = np.random.default_rng(1)
    on = np.stack([rng.permutation(np.r_[np.zeros(50), np.full(50, 2.0)]) for _ in range(8)], axis=1)
    return csr_matrix(on * np.asarray(scale))


def test_sparse_columns_are_divided_by_their_scale():
    """3: lime multiplies by it, so that one row of thousands keeps a weight; here the effects come out."""
    scale = np.array([1.0, 300.0, 0.01, 20.0, 5.0, 1000.0, 0.2, 50.0])
    rows = sparse_rows(scale)
    row = rows[int(np.argmax((rows > 0).sum(axis=1)))]
    effects = np.array([0.5, -2.0, 1.0, 0.0, 3.0, -1.0, 0.7, 0.2]) / scale

    def predict(batch):
        return np.asarray(batch @ effects).ravel()

    explainer = lime_tabular.LimeTabularExplainer(rows, mode="regression", random_state=0)
    found = explainer.explain_instance(row, predict, num_samples=2000)
    got = dict(found.as_map()[1])
    assert set(got) == set(row.indices.tolist())
    for at, weight in got.items():
        assert weight == pytest.approx(effects[at] * scale[at], rel=0.03, abs=0.01)


def test_sparse_columns_of_scale_1_are_limes(same, theirs):
    """3: where multiplying and dividing are the same, so are the numbers, to what lime's solver gives."""
    theirs_tabular = pytest.importorskip("lime.lime_tabular")
    rows = sparse_rows(1.0)

    def predict(batch):
        return two(np.asarray(batch @ np.linspace(-1, 1, 8)).ravel())

    count = int(rows[4].nnz)
    with theirs():
        expected = theirs_tabular.LimeTabularExplainer(rows, random_state=3).explain_instance(
            rows[4], predict, num_samples=300, num_features=count
        )
    found = lime_tabular.LimeTabularExplainer(rows, random_state=3).explain_instance(
        rows[4], predict, num_samples=300, num_features=count
    )
    same(found, expected, tolerance=1e-4)
    assert [name for name, _ in found.as_list()] == [name for name, _ in expected.as_list()]


def test_a_sparse_feature_is_listed_once():
    """4: where fewer columns than features wanted have values, lime lists the first column again and again."""
    rows = sparse_rows(1.0)
    found = lime_tabular.LimeTabularExplainer(rows, random_state=3).explain_instance(
        rows[4], lambda batch: two(np.asarray(batch.sum(axis=1)).ravel()), num_samples=300, num_features=50
    )
    names = [name for name, _ in found.as_list()]
    assert sorted(names) == sorted(str(at) for at in rows[4].indices)


REVIEW = "a good film, a bad end, a nice and long and dull but good story"


def three(texts):
    words = np.array([[len(re.findall(word, text)) for word in ("good|nice", "bad|dull", "end")] for text in texts])
    odds = np.exp(words - words.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def test_each_label_has_its_own_score():
    """5: lime 0.2.0.1 keeps the R2 and the local prediction of the label that it fitted last."""
    found = lime_text.LimeTextExplainer(random_state=0).explain_instance(
        REVIEW, three, top_labels=3, num_samples=200, num_features=20
    )
    alone = {
        label: lime_text.LimeTextExplainer(random_state=0).explain_instance(
            REVIEW, three, labels=(label,), num_samples=200, num_features=20
        )
        for label in range(3)
    }
    assert set(found.score) == {0, 1, 2}
    assert len(set(found.score.values())) == 3
    for label, other in alone.items():
        assert found.score[label] == float(other.score)
        assert found.local_pred[label] == pytest.approx(float(other.local_pred))
        total = found.intercept[label] + sum(weight for _, weight in found.local_exp[label])
        assert found.local_pred[label][0] == pytest.approx(total)
    # by itself, the number that 0.2.0.1 has
    assert float(found.score) == found.score[found.top_labels[0]]
    assert f"{found.local_pred[found.top_labels[0]]:.3f}" == f"{float(found.local_pred):.3f}"


@pytest.mark.parametrize("label", [0, 1])
def test_a_page_names_the_label_that_was_explained(label):
    """6: of two classes lime's page always names the second one as what is spoken for."""
    explainer = lime_text.LimeTextExplainer(random_state=0, class_names=["no", "yes"])
    found = explainer.explain_instance(
        REVIEW, lambda texts: two([text.count("good") for text in texts]), labels=(label,), num_samples=100
    )
    page = found.as_html(predict_proba=False, text=False)
    assert f"For and against {['no', 'yes'][label]}" in page
    (sign,) = re.findall(r'<tr class="(\w+)"><th scope="row"><bdi>good<', page)
    assert sign == ("for" if label else "against")


def test_values_up_to_255_are_cut_as_bytes_are():
    """7: lime takes floats for 0..1 whatever they are, and cuts the same picture ten times as finely."""
    from skimage.data import chelsea

    pixels = chelsea()[:80, :100]
    made = [
        explain_image(kind, lambda images: two(images.reshape(len(images), -1).mean(axis=1)), num_samples=20).segments
        for kind in (pixels, pixels.astype(np.float64), pixels / 127.5 - 1)
    ]
    np.testing.assert_array_equal(made[0], made[1])
    np.testing.assert_array_equal(made[0], made[2])


def test_small_pictures_are_cut_finely_enough():
    """8: of 28 x 28 pixels lime makes 2 superpixels, of which nothing can be learned."""
    rng = np.random.default_rng(0)
    digit = np.zeros((28, 28))
    digit[6:22, 9:13], digit[6:10, 9:20] = 1.0, 0.8
    found = explain_image(digit + 0.05 * rng.random((28, 28)), lambda images: two(images.mean(axis=(1, 2, 3))))
    assert len(np.unique(found.segments)) >= 8


def test_a_label_that_was_not_predicted_is_told_of():
    """9: lime explains class 1 unless told otherwise; so does this, but says so."""
    explainer = lime_text.LimeTextExplainer(random_state=0)
    with pytest.warns(UserWarning, match=r"class 1 is explained, which is lime's default, .* predicts class 0"):
        found = explainer.explain_instance(REVIEW, three, num_samples=50)
    assert list(found.local_exp) == [1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        explainer.explain_instance(REVIEW, three, labels=(1,), num_samples=50)
        explainer.explain_instance(REVIEW, three, top_labels=1, num_samples=50)
        explainer.explain_instance(REVIEW, lambda texts: two([-1] * len(texts)), num_samples=50)


def test_several_outputs_of_a_regression_are_told_of():
    """10: lime explains the first and says nothing."""
    rows = np.random.default_rng(0).normal(size=(60, 3))
    explainer = lime_tabular.LimeTabularExplainer(rows, mode="regression", random_state=0)
    with pytest.warns(UserWarning, match="the model has 3 outputs: the first is explained"):
        several = explainer.explain_instance(rows[0], lambda batch: batch, num_samples=100)
    single = lime_tabular.LimeTabularExplainer(rows, mode="regression", random_state=0).explain_instance(
        rows[0], lambda batch: batch[:, 0], num_samples=100
    )
    assert several.local_exp == single.local_exp


def test_a_page_draws_no_random_number():
    """11: lime's page takes names for its parts from the explainer's stream, and changes the next explanation."""
    explainer = lime_text.LimeTextExplainer(random_state=0)
    found = explainer.explain_instance(REVIEW, three, top_labels=1, num_samples=50)
    before, everyone = explainer.random_state.get_state()[1:3], np.random.get_state()[1:3]
    found.as_html()
    for state, now in ((before, explainer.random_state.get_state()[1:3]), (everyone, np.random.get_state()[1:3])):
        np.testing.assert_array_equal(state[0], now[0])
        assert state[1] == now[1]


def test_a_pick_is_seeded_by_its_explainer():
    """12: lime shuffles by NumPy's global stream, so that two runs of a seeded explainer differ."""
    rows = np.random.default_rng(0).normal(size=(40, 5))

    def predict(batch):
        return two(batch[:, 0] * batch[:, 1] + batch[:, 4])

    def pick():
        explainer = lime_tabular.LimeTabularExplainer(rows, random_state=3)
        return SubmodularPick(explainer, rows, predict, sample_size=8, num_exps_desired=3, num_samples=60)

    np.random.seed(1)
    first = pick()
    np.random.seed(2)
    state = np.random.get_state()[2]
    second = pick()
    assert np.random.get_state()[2] == state
    assert first.V == second.V
    assert [found.as_map() for found in first.explanations] == [found.as_map() for found in second.explanations]


def test_words_behind_an_emoji_are_marked_in_place():
    """13: lime's page counts in half letters and marks the text beside the word."""
    found = lime_text.LimeTextExplainer(random_state=0).explain_instance(
        "👍🏽👍🏽 so good a film",
        lambda texts: two([text.count("good") for text in texts]),
        num_samples=50,
        num_features=1,
    )
    (marked,) = re.findall(r"<mark[^>]*>([^<]*)</mark>", found.as_html())
    assert marked == "good"


def test_groups_in_separators_do_not_count():
    """14: for lime a group in split_expression makes separators come twice."""
    text = "well-known and  good"
    grouped = lime_text.IndexedString(text, r"(\s|-)+")
    assert grouped.as_list == lime_text.IndexedString(text, r"(?:\s|-)+").as_list
    assert "".join(grouped.as_list) == text
    assert grouped.inverse_removing([1]) == "well- and  good"


def test_nul_is_a_letter_like_any_other():
    """14: NumPy's texts, which lime keeps words in, lose it at their ends."""
    indexed = lime_text.IndexedString("a\0 b c\0", " ")
    assert indexed.inverse_vocab == ["a\0", "b", "c\0"]
    assert lime_text.IndexedCharacters("a\0b", bow=False).inverse_vocab == ["a", "\0", "b"]


def test_statistics_without_bins_are_refused():
    """Beside the list: lime then takes all numbers for categories."""
    rows = np.random.default_rng(0).normal(size=(40, 2))
    keys = ("means", "mins", "maxs", "stds", "feature_values", "feature_frequencies")
    with pytest.raises(ValueError, match=r"data_stats\['bins'\] has no edges for columns \[0, 1\]"):
        lime_tabular.LimeTabularExplainer(rows, training_data_stats={key: {} for key in keys})
