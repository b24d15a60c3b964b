"""`limefw.compat.lime.lime_tabular` beside lime 0.2.0.1: the same seed, the same explanation."""

import copy

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import Lasso, LinearRegression

from limefw.compat.lime import discretize
from limefw.compat.lime import lime_tabular as ours
from limefw.compat.lime.exceptions import LimeError
from limefw.statistics import cut_off_normal


lime_tabular = pytest.importorskip("lime.lime_tabular")
lime_discretize = pytest.importorskip("lime.discretize")


def data():
    """Four measures of flowers, a category of three, one column with a long tail."""
    rows, species = load_iris(return_X_y=True)
    rng = np.random.default_rng(1)
    return np.column_stack([rows, rng.integers(0, 3, 150), rng.exponential(size=150) ** 3]), species


ROWS, SPECIES = data()
NAMES = ["sepal length", "sepal width", "petal length", "petal width", "colour", "tail"]


def smooth(rows):
    """Three classes with products of columns."""
    score = 0.5 * np.stack([rows @ np.sin(np.arange(6) * k) + rows[:, 0] * rows[:, k] for k in (1, 2, 3)], axis=1)
    odds = np.exp(score - score.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def surface(rows):
    """A regression."""
    return rows[:, 0] * rows[:, 2] - 3 * np.sin(rows[:, 3]) + 0.5 * rows[:, 4] + np.sqrt(np.abs(rows[:, 5]))


@pytest.fixture(scope="module")
def forest():
    return RandomForestClassifier(25, random_state=0).fit(ROWS, SPECIES).predict_proba


def sharper(d, kernel_width):
    """A kernel of the user's own."""
    return np.exp(-d / kernel_width)


CASES = {
    "quartiles": ({}, {}),
    "deciles": ({"discretizer": "decile"}, {}),
    "entropy": ({"discretizer": "entropy", "training_labels": SPECIES}, {}),
    "as they are": ({"discretize_continuous": False}, {}),
    "around the row": ({"discretize_continuous": False, "sample_around_instance": True}, {}),
    "a category": ({"categorical_features": [4], "categorical_names": {4: ["red", "blue", "green"]}}, {}),
    "a category, the rest as they are": ({"categorical_features": [4], "discretize_continuous": False}, {}),
    "deciles and a category": ({"categorical_features": [4], "discretizer": "decile"}, {}),
    "entropy and a category": (
        {"categorical_features": [4], "discretizer": "entropy", "training_labels": SPECIES}, {"num_features": 4},
    ),
    "around the row, a category": (
        {"categorical_features": [4], "discretize_continuous": False, "sample_around_instance": True}, {},
    ),
    "forward": ({}, {"num_features": 3}),
    "forward, as they are": ({"discretize_continuous": False}, {"num_features": 3}),
    "lasso path": ({"feature_selection": "lasso_path"}, {"num_features": 3}),
    "lasso path, as they are": (
        {"feature_selection": "lasso_path", "discretize_continuous": False}, {"num_features": 2},
    ),
    "no selection": ({"feature_selection": "none"}, {}),
    "highest weights": ({"feature_selection": "highest_weights"}, {"num_features": 3}),
    "highest weights, as they are": (
        {"feature_selection": "highest_weights", "discretize_continuous": False}, {"num_features": 3},
    ),
    "top labels": ({}, {"top_labels": 3}),
    "labels": ({}, {"labels": (2, 0)}),
    "wide kernel": ({"kernel_width": 3}, {}),
    "own kernel": ({"kernel": sharper}, {}),
    "another metric": ({}, {"distance_metric": "cosine"}),
    "another metric, as they are": ({"discretize_continuous": False}, {"distance_metric": "manhattan"}),
    "own regressor": ({}, {"model_regressor": Lasso(alpha=1e-3)}),
    "own regressor, forward": (
        {"discretize_continuous": False}, {"model_regressor": LinearRegression(), "num_features": 4},
    ),
    "names": ({"feature_names": NAMES, "class_names": np.array(["a", "b", "c"])}, {}),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:class 1 is explained")
@pytest.mark.parametrize("model", ["smooth", "forest"])
@pytest.mark.parametrize("case", CASES)
def test_the_same_seed_gives_the_same_explanation(case, model, forest, same, theirs):
    """Order, names, weights, intercept, R2 and local prediction are lime's, for two rows one after the other."""
    made, asked = CASES[case]
    predict = forest if model == "forest" else smooth
    with theirs():
        old = lime_tabular.LimeTabularExplainer(ROWS, random_state=9, **made)
        expected = [old.explain_instance(ROWS[at], predict, num_samples=301, **asked) for at in (77, 3)]
    new = ours.LimeTabularExplainer(ROWS, random_state=9, **made)
    assert new.feature_values == old.feature_values
    np.testing.assert_array_equal(new.scaler.scale_, old.scaler.scale_)
    for at, result in zip((77, 3), expected, strict=True):
        found = new.explain_instance(ROWS[at], predict, num_samples=301, **asked)
        same(found, result)
        for label in result.local_exp:
            assert [name for name, _ in found.as_list(label)] == [name for name, _ in result.as_list(label)]
        assert found.domain_mapper.feature_values == result.domain_mapper.feature_values
        np.testing.assert_allclose(found.domain_mapper.scaled_row, result.domain_mapper.scaled_row, atol=1e-12)


@pytest.mark.parametrize(
    "made",
    [
        {},
        {"discretizer": "decile"},
        {"discretize_continuous": False},
        {"categorical_features": [4]},
        {"discretizer": "entropy", "training_labels": SPECIES},
        {"feature_selection": "lasso_path", "discretize_continuous": False},
    ],
    ids=str,
)
@pytest.mark.parametrize("column", [False, True], ids=["values", "one column"])
def test_a_regression_is_explained_as_by_lime(made, column, same, theirs):
    """Both labels, the predicted value and its range."""

    def predict(rows):
        return surface(rows)[:, None] if column else surface(rows)

    with theirs():
        expected = lime_tabular.LimeTabularExplainer(ROWS, mode="regression", random_state=2, **made).explain_instance(
            ROWS[5], predict, num_samples=300
        )
    found = ours.LimeTabularExplainer(ROWS, mode="regression", random_state=2, **made).explain_instance(
        ROWS[5], predict, num_samples=300
    )
    same(found, expected)
    for name in ("predicted_value", "min_value", "max_value"):
        assert getattr(found, name) == pytest.approx(float(getattr(expected, name)), abs=1e-9)
    assert found.as_list() == [(name, pytest.approx(weight)) for name, weight in expected.as_list()]
    assert found.class_names == expected.class_names
    with pytest.raises(NotImplementedError):
        found.available_labels()


def statistics_of(rows, kind):
    """Return what lime's discretizer knows of some rows, as training_data_stats wants it."""
    known = kind.QuartileDiscretizer(rows, [4], NAMES, random_state=0)
    bins = {at: np.percentile(rows[:, at], [25, 50, 75]) for at in range(6) if at != 4}
    binned = known.discretize(rows)
    values, counts = {}, {}
    for at in range(6):
        there, number = np.unique(binned[:, at], return_counts=True)
        values[at], counts[at] = there.tolist(), number.tolist()
    return {
        "means": known.means, "mins": known.mins, "maxs": known.maxs, "stds": known.stds, "bins": bins,
        "feature_values": values, "feature_frequencies": counts,
    }  # fmt: skip


def test_statistics_stand_for_the_data(same, theirs):
    """With training_data_stats the data themselves may be anything of their shape."""
    stats, stand_in = statistics_of(ROWS, lime_discretize), np.random.default_rng(0).random((20, 6))
    made = {"categorical_features": [4], "training_data_stats": stats, "random_state": 4}
    with theirs():
        old = lime_tabular.LimeTabularExplainer(stand_in, **made)
        expected = old.explain_instance(ROWS[9], smooth, num_samples=300, labels=(1,))
    found = ours.LimeTabularExplainer(stand_in, **made).explain_instance(ROWS[9], smooth, num_samples=300, labels=(1,))
    same(found, expected)
    assert found.as_list() == [(name, pytest.approx(weight)) for name, weight in expected.as_list()]


class Halves:
    """What a user's discretizer overrides."""

    def bins(self, rows, labels):
        return [np.array([np.median(rows[:, at])]) for at in self.to_discretize]


class OldHalves(Halves, lime_discretize.BaseDiscretizer):
    """The user's own class over lime's."""


class NewHalves(Halves, discretize.BaseDiscretizer):
    """The same class, with the import line changed."""


class NewFloors(NewHalves):
    """It also says itself what a bin's values are."""

    def undiscretize(self, rows):
        found = rows.copy()
        for at in self.to_discretize:
            found[:, at] = np.array(self.mins[at])[rows[:, at].astype(int)]
        return found


class OldFloors(OldHalves):
    """The same over lime's."""

    undiscretize = NewFloors.undiscretize


@pytest.mark.parametrize(("new", "old"), [(NewHalves, OldHalves), (NewFloors, OldFloors)])
def test_the_users_own_discretizer_works(new, old, same, theirs):
    """It draws from a stream of its own."""
    with theirs():
        cut = old(ROWS, [4], NAMES, random_state=6)
        explainer = ours.LimeTabularExplainer(
            ROWS, feature_names=NAMES, categorical_features=[4], discretizer=cut, random_state=7
        )
        expected = explainer.explain_instance(ROWS[0], smooth, num_samples=200, labels=(0,))
    explainer = ours.LimeTabularExplainer(
        ROWS, feature_names=NAMES, categorical_features=[4], discretizer=new(ROWS, [4], NAMES, random_state=6),
        random_state=7,
    )  # fmt: skip
    found = explainer.explain_instance(ROWS[0], smooth, num_samples=200, labels=(0,))
    same(found, expected)
    assert found.as_list(0) == [(name, pytest.approx(weight)) for name, weight in expected.as_list(0)]


@pytest.mark.parametrize("name", ["Quartile", "Decile", "Entropy"])
def test_discretizers_are_limes(name):
    """Bins, names, moments, and values drawn for bins, number for number."""
    new, old = (
        getattr(kind, f"{name}Discretizer")(ROWS, [4], NAMES, labels=SPECIES, random_state=3)
        for kind in (discretize, lime_discretize)
    )
    assert new.names == old.names
    assert new.to_discretize == old.to_discretize
    for moments in ("means", "stds", "mins", "maxs"):
        for at, expected in getattr(old, moments).items():
            np.testing.assert_array_equal(getattr(new, moments)[at], expected)
    np.testing.assert_array_equal(new.discretize(ROWS), old.discretize(ROWS))
    np.testing.assert_array_equal(new.discretize(ROWS[4]), old.discretize(ROWS[4]))
    places = old.discretize(ROWS)
    np.testing.assert_allclose(new.undiscretize(places), old.undiscretize(places), rtol=0, atol=1e-12)
    # as many numbers were drawn
    assert new.random_state.random_sample() == old.random_state.random_sample()
    assert (new.discretize(new.undiscretize(places[4])) == places[4]).all()


@pytest.mark.parametrize(
    ("low", "high"), [(-1.0, 1.0), (-9.0, 0.5), (0.3, 12.0), (8.0, 9.0), (-40.0, -35.0), (-1e11, 0.0), (5e11, 7e11)]
)
def test_cut_off_normals_are_scipys(low, high):
    """The short form of the inverse is scipy's, and where it would lose digits it is scipy's own."""
    from scipy.stats import truncnorm

    shares = np.random.default_rng(0).random(2000)
    found = cut_off_normal(shares, np.zeros(2000, dtype=int), np.array([low]), np.array([high]))
    np.testing.assert_allclose(found, truncnorm.ppf(shares, low, high), rtol=1e-11, atol=1e-11)


SEQUENCES = np.random.default_rng(5).normal(size=(80, 4, 3)).cumsum(axis=1)


def rising(sequences):
    assert sequences.shape[1:] == (4, 3)
    yes = 1 / (1 + np.exp(-(sequences[:, -1, 0] - sequences[:, 0, 1] * sequences[:, 2, 2])))
    return np.stack([1 - yes, yes], axis=1)


@pytest.mark.parametrize(
    "made", [{}, {"discretizer": "decile"}, {"discretize_continuous": False}, {"categorical_features": [3]}], ids=str
)
def test_sequences_are_explained_as_by_lime(made, same, theirs):
    """Each feature at each time is a column."""
    given = {"feature_names": ["x", "y", "z"], "random_state": 1, **made}
    whole = SEQUENCES.round() if "categorical_features" in made else SEQUENCES
    with theirs():
        explainer = lime_tabular.RecurrentTabularExplainer(whole, **given)
        expected = explainer.explain_instance(whole[3], rising, num_samples=200, num_features=12)
    found = ours.RecurrentTabularExplainer(whole, **given).explain_instance(
        whole[3], rising, num_samples=200, num_features=12
    )
    same(found, expected)
    assert found.as_list() == [(name, pytest.approx(weight)) for name, weight in expected.as_list()]


def test_sequences_without_names_get_some():
    """lime 0.2.0.1 fails there; its last version names them so."""
    found = ours.RecurrentTabularExplainer(SEQUENCES, random_state=1, discretize_continuous=False).explain_instance(
        SEQUENCES[3], rising, num_samples=100, num_features=20
    )
    assert {name for name, _ in found.as_list()} == {f"feature{at}_t-{time}" for at in range(3) for time in range(4)}


def test_a_latin_hypercube_is_spread_evenly():
    """In each column, one value lies in each n-th part of the normal distribution; the seed says which."""
    from scipy.special import ndtr

    from limefw.compat.lime._table_draws import normal

    state = np.random.RandomState(3)
    found = ndtr(normal(state, 50, 4, lhs=True))
    assert (np.sort((found * 50).astype(int), axis=0) == np.arange(50)[:, None]).all()
    made = [
        ours.LimeTabularExplainer(ROWS, discretize_continuous=False, random_state=seed).explain_instance(
            ROWS[0], smooth, labels=(0,), num_samples=100, sampling_method="lhs"
        )
        for seed in (1, 1, 2)
    ]
    assert made[0].local_exp == made[1].local_exp != made[2].local_exp
    with pytest.warns(UserWarning, match="'sobol' is unknown: gaussian is used"):
        ours.LimeTabularExplainer(ROWS, random_state=0).explain_instance(
            ROWS[0], smooth, labels=(0,), num_samples=50, sampling_method="sobol"
        )


def test_data_frames_will_do(same):
    """lime needs arrays: a DataFrame's columns name the features, and its rows are rows."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(ROWS, columns=NAMES)
    found = ours.LimeTabularExplainer(frame, random_state=0).explain_instance(
        frame.iloc[3], smooth, labels=(1,), num_samples=100
    )
    explainer = ours.LimeTabularExplainer(ROWS, feature_names=NAMES, random_state=0)
    same(found, explainer.explain_instance(ROWS[3], smooth, labels=(1,), num_samples=100))
    assert "tail" in " ".join(name for name, _ in found.as_list())


def test_bad_input_is_told():
    """What, which, and what next."""
    spoilt = ROWS.copy()
    spoilt[3, 1] = np.nan
    with pytest.raises(ValueError, match="NaN or infinite values in 'sepal width'"):
        ours.LimeTabularExplainer(spoilt, feature_names=NAMES)
    explainer = ours.LimeTabularExplainer(ROWS, feature_names=NAMES, random_state=0)
    with pytest.raises(ValueError, match="NaN or infinite values in 'sepal width'"):
        explainer.explain_instance(spoilt[3], smooth)
    with pytest.raises(NotImplementedError, match="give predict_proba"):
        explainer.explain_instance(ROWS[3], surface)
    with pytest.raises(ValueError, match="arrays with 3 dimensions"):
        explainer.explain_instance(ROWS[3], lambda rows: np.zeros((len(rows), 2, 2)))
    with pytest.warns(UserWarning, match="do not sum to 1"):
        explainer.explain_instance(ROWS[3], lambda rows: rows[:, :2], num_samples=50)
    with pytest.raises(LimeError, match='Invalid explanation mode "ranking"'):
        ours.LimeTabularExplainer(ROWS, mode="ranking")
    with pytest.raises(ValueError, match="discretizer is one of 'quartile', 'decile', 'entropy' or"):
        ours.LimeTabularExplainer(ROWS, discretizer="thirds")
    with pytest.raises(ValueError, match="Labels must be not None"):
        ours.LimeTabularExplainer(ROWS, discretizer="entropy")
    with pytest.raises(ValueError, match=r"Missing keys in training_data_stats. Details: \['mins', 'maxs'"):
        ours.LimeTabularExplainer(ROWS, training_data_stats={"means": {}})
    with pytest.raises(ValueError, match="must be numbers, as lime's always are"):
        ours.LimeTabularExplainer(np.array([["own", "1"], ["rent", "2"]], dtype=object))
    with pytest.raises(ValueError, match="feature_selection is one of forward_selection"):
        ours.LimeTabularExplainer(ROWS, feature_selection="best", random_state=0).explain_instance(
            ROWS[3], smooth, labels=(0,), num_samples=50
        )


def test_an_unseen_category_keeps_its_number():
    """lime fails on a code without a name."""
    explainer = ours.LimeTabularExplainer(
        ROWS, feature_names=NAMES, categorical_features=[4], categorical_names={4: ["red", "blue", "green"]},
        random_state=0,
    )  # fmt: skip
    row = ROWS[3].copy()
    row[4] = 7
    found = explainer.explain_instance(row, smooth, labels=(0,), num_samples=100)
    assert "colour=7" in dict(found.as_list(0))


def test_constant_columns_and_one_row_are_explained():
    """A column that never changes has no weight; of one row nothing can be learned, and nothing fails."""
    flat = ROWS.copy()
    flat[:, 5] = 3.0
    found = ours.LimeTabularExplainer(flat, random_state=0).explain_instance(
        flat[0], smooth, labels=(0,), num_samples=200
    )
    assert dict(found.local_exp[0])[5] == pytest.approx(0, abs=1e-9)
    alone = ours.LimeTabularExplainer(ROWS[:1], random_state=0).explain_instance(
        ROWS[0], smooth, labels=(0,), num_samples=50
    )
    assert all(weight == pytest.approx(0, abs=1e-9) for _, weight in alone.local_exp[0])


def test_a_regressor_that_is_slow_is_asked_once_for_each_row():
    """Rows of categories alone repeat, and the model sees each once."""
    rows = np.random.default_rng(0).integers(0, 2, (50, 4)).astype(float)
    seen = []

    def watching(batch):
        seen.extend(map(tuple, batch))
        return batch.sum(axis=1)

    ours.LimeTabularExplainer(rows, mode="regression", categorical_features=range(4), random_state=0).explain_instance(
        rows[0], watching, num_samples=500
    )
    assert len(seen) == len(set(seen)) <= 16


def test_forests_are_explained_in_few_calls():
    """A model with a price for each call is asked about a thousand rows at once."""
    calls = []
    forest = RandomForestRegressor(3, random_state=0).fit(ROWS, surface(ROWS))

    def watching(batch):
        calls.append(len(batch))
        return forest.predict(batch)

    ours.LimeTabularExplainer(ROWS, mode="regression", random_state=0).explain_instance(ROWS[0], watching)
    assert len(calls) <= 6


@pytest.mark.parametrize("case", ["quartiles", "as they are", "a category, the rest as they are"])
def test_drawn_rows_are_had_by_limes_hidden_name(case, theirs):
    """Many call lime's private method for the rows that it draws."""
    made, _ = CASES[case]
    with theirs():
        old = lime_tabular.LimeTabularExplainer(ROWS, random_state=9, **made)
        expected = old._LimeTabularExplainer__data_inverse(ROWS[77], 50)
    new = ours.LimeTabularExplainer(ROWS, random_state=9, **made)
    for got, wanted in zip(new._LimeTabularExplainer__data_inverse(ROWS[77], 50), expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("discretize", [True, False])
@pytest.mark.parametrize("row", [np.zeros(3), np.zeros(5), np.zeros((1, 4))])
def test_a_row_of_another_length_is_told(discretize, row):
    explainer = ours.LimeTabularExplainer(
        np.random.default_rng(0).normal(size=(50, 4)), discretize_continuous=discretize
    )
    with pytest.raises(ValueError, match="a row has 4 values, one for each column of training_data, got shape"):
        explainer.explain_instance(row, lambda rows: np.full((len(rows), 2), 0.5))


def test_copies_of_an_explanation_know_every_label():
    """As pickled ones do."""
    from limefw.compat.lime.lime_tabular import LimeTabularExplainer

    data = np.random.default_rng(0).normal(size=(60, 3))
    explained = LimeTabularExplainer(data, random_state=0).explain_instance(
        data[0], lambda rows: np.stack([rows[:, 0] > 0, rows[:, 0] <= 0], axis=1).astype(float), top_labels=2,
        num_samples=100,
    )  # fmt: skip
    again = copy.deepcopy(explained)
    assert [float(again.local_pred[at]) for at in (0, 1)] == [float(explained.local_pred[at]) for at in (0, 1)]
