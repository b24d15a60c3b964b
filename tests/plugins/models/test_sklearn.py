"""Scikit-learn's estimators on digits and faces: asked as scikit-learn itself would, named by their own classes."""

import pickle
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
import sklearn
from skimage.data import lfw_subset
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression, Perceptron, Ridge, RidgeClassifier, SGDClassifier
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

import limefw
from limefw.errors import LabelError, MissingDependencyError, ModelError, ModelSourceError, UntrustedError
from limefw.testing import check_plugin


DIGITS = load_digits()
X, Y = DIGITS.data[:400], DIGITS.target[:400]
NAMED = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])[Y]
THREE = Y < 3
BOTH = np.stack([Y % 2, Y // 5], axis=1)  # odd, at least five
FACES, IS_FACE = lfw_subset(), np.repeat(["face", "other"], 100)


def batch_of(rows):
    """Digits as images of one channel."""
    return rows.reshape(-1, 8, 8, 1)


def asked(estimator, given=X[:5], /, **parameters):
    """Return what limefw's model says of digits given as images, activated, the names of the columns, and the model."""
    use = {"use": "sklearn", **parameters} if parameters else "auto"
    model = limefw.model(estimator, use=use)
    values = model.head.columns(model.predict(batch_of(given)))
    return values, model.head.names(values.shape[1]), model


PROBABLE = [
    LogisticRegression(max_iter=2000),
    GaussianNB(),
    make_pipeline(StandardScaler(), PCA(10, random_state=0), RandomForestClassifier(5, random_state=0)),
    GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 3]}, cv=2),
    CalibratedClassifierCV(LinearSVC(random_state=0), cv=2),
    MLPClassifier((8,), max_iter=400, random_state=0),
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("estimator", PROBABLE, ids=lambda one: type(one).__name__)
def test_probabilities_are_the_estimators_own_with_its_names(estimator):
    estimator.fit(X, NAMED)
    values, names, model = asked(estimator)
    assert np.array_equal(values, estimator.predict_proba(X[:5]))
    assert names == tuple(estimator.classes_)
    assert model.contract.head == "probabilities"
    assert model.task == "classification"
    assert model.fingerprint is None


def exactly_explained(pixels, model, **more):
    """Explain on 16 squares against black, by least squares: of a linear model the effects are its very terms."""
    return limefw.explain(
        pixels,
        model,
        segmenter={"use": "grid", "rows": 4, "columns": 4},
        filler={"use": "constant", "value": 0.0},
        surrogate={"use": "ridge", "alpha": 0.0},
        samples=300,
        **more,
    )


def in_squares(terms):
    """Return the sums of (8, 8) terms in 16 squares."""
    return terms.reshape(4, 2, 4, 2).sum(axis=(1, 3)).ravel()


def test_the_class_that_it_predicts_is_explained_by_its_name():
    classifier = LogisticRegression(max_iter=2000).fit(X, NAMED)
    explanation = exactly_explained(DIGITS.images[0], classifier, labels="top:1")
    assert next(iter(explanation.outlook)) == "zero"
    assert explanation.labels == (list(classifier.classes_).index("zero"),)
    with pytest.raises(LabelError, match="Did you mean 'seven'"):
        exactly_explained(DIGITS.images[0], classifier, labels=["sevn"])


def test_a_linear_regressors_effects_are_its_terms():
    regressor = Ridge().fit(X, DIGITS.target[:400] * 1.5)
    model = limefw.model(regressor)
    assert (model.task, model.name) == ("regression", "Ridge")
    explanation = exactly_explained(DIGITS.images[7], model)
    terms = in_squares((regressor.coef_ * X[7]).reshape(8, 8))
    assert np.allclose(explanation.effects(), terms, atol=1e-6 * np.abs(terms).max())
    assert explanation.prediction() == pytest.approx(regressor.predict(X[7:8])[0])


def test_what_makes_a_face_is_what_a_linear_pipeline_says():
    """On pictures that it never saw it is right, and the effects are its terms, traced back through its steps."""
    train, shown = np.r_[0:90, 100:190], [92, 95, 195]
    faces = make_pipeline(StandardScaler(), PCA(40, random_state=0), LinearSVC(random_state=0, max_iter=20_000))
    faces.fit(FACES[train].reshape(len(train), -1), IS_FACE[train])
    weights = (faces[2].coef_ @ faces[1].components_ / faces[0].scale_).reshape(25, 25)
    for at in shown:
        explanation = limefw.explain(
            limefw.Image(FACES[at][..., None], (0.0, 1.0)),
            faces,
            segmenter={"use": "grid", "rows": 5, "columns": 5},
            filler={"use": "constant", "value": 0.0},
            surrogate={"use": "ridge", "alpha": 0.0},
            samples=300,
            labels=["other"],
        )
        assert next(iter(explanation.outlook)) == IS_FACE[at]
        terms = (weights * FACES[at]).reshape(5, 5, 5, 5).sum(axis=(1, 3)).ravel()
        assert np.allclose(explanation.effects("other"), terms, atol=1e-6 * np.abs(terms).max())


def test_two_classes_without_probabilities_are_told_by_their_decision_value():
    classifier = LinearSVC(random_state=0, max_iter=20_000).fit(X, np.where(Y == 0, "zero", "other"))
    values, names, model = asked(classifier)
    decided = classifier.decision_function(X[:5])
    assert np.array_equal(values, np.stack([-decided, decided], axis=1))
    assert names == ("other", "zero")
    assert (model.contract.head, model.task) == ("scores", "classification")
    assert any("LinearSVC has decision values and no probabilities" in note for note in model.notes)
    explanation = exactly_explained(DIGITS.images[0], model)
    assert next(iter(explanation.outlook)) == "zero"
    terms = in_squares((classifier.coef_[0] * X[0]).reshape(8, 8))
    assert np.allclose(explanation.effects("zero"), terms, atol=1e-6 * np.abs(terms).max())


@pytest.mark.parametrize("head", ["logits", "sigmoid_logits"])
def test_decision_values_are_log_odds_where_the_user_says_so(head):
    """Of logistic regression they are: what comes out are its probabilities."""
    classifier = LogisticRegression(max_iter=2000).fit(X, Y % 2)
    values, _, _ = asked(classifier, method="decision_function", head=head)
    assert np.allclose(values, classifier.predict_proba(X[:5]), atol=1e-12)


def test_decision_values_of_many_classes():
    for estimator in (SVC(), SGDClassifier(random_state=0), RidgeClassifier(), Perceptron(random_state=0)):
        values, names, model = asked(estimator.fit(X, NAMED))
        assert np.array_equal(values, estimator.decision_function(X[:5]))
        assert (names, model.contract.head) == (tuple(estimator.classes_), "scores")


def test_decision_values_of_pairs_of_classes_name_the_pair():
    """Above 0 it speaks for the first of them."""
    classifier = make_pipeline(StandardScaler(), SVC(decision_function_shape="ovo")).fit(X[THREE], NAMED[THREE])
    values, names, _ = asked(classifier, X[THREE])
    assert names == ("one against two", "one against zero", "two against zero")
    for name in ("one", "two", "zero"):
        own = values[NAMED[THREE] == name]
        for at, pair in enumerate(names):
            first, second = pair.split(" against ")
            if name in (first, second):
                assert ((own[:, at] > 0) == (name == first)).mean() > 0.9


def test_outliers_have_a_decision_value():
    values, names, model = asked(IsolationForest(random_state=0).fit(X))
    assert values.shape == (5, 1)
    assert names == ("decision value",)
    assert model.task == "regression"


def test_the_components_of_a_mixture_are_classes():
    mixture = GaussianMixture(3, covariance_type="diag", random_state=0).fit(X)
    values, names, _ = asked(mixture)
    assert np.array_equal(values, mixture.predict_proba(X[:5]))
    assert names == ("class 0", "class 1", "class 2")


def test_a_classifier_that_only_votes_says_0_or_1():
    voting = VotingClassifier([("tree", DecisionTreeClassifier()), ("bayes", GaussianNB())]).fit(X, NAMED)
    values, names, model = asked(voting)
    assert [names[at] for at in values.argmax(axis=1)] == list(voting.predict(X[:5]))
    assert np.array_equal(np.unique(values), [0.0, 1.0])
    assert any("only the predicted class was asked" in note for note in model.notes)


LABELLED = [
    RandomForestClassifier(5, random_state=0),
    KNeighborsClassifier(),
    MultiOutputClassifier(GaussianNB()),
    DecisionTreeClassifier(random_state=0),
]


@pytest.mark.parametrize("estimator", LABELLED, ids=lambda one: type(one).__name__)
def test_labels_that_may_all_be_there_have_a_probability_each(estimator):
    estimator.fit(X, BOTH)
    values, names, model = asked(estimator)
    expected = np.stack([part[:, 1] for part in estimator.predict_proba(X[:5])], axis=1)
    assert np.array_equal(values, expected)
    assert (names, model.contract.head) == (("output 0", "output 1"), "sigmoid")


def test_a_label_that_training_always_had_is_sure():
    forest = RandomForestClassifier(3, random_state=0).fit(X, np.stack([Y % 2, np.ones_like(Y), 0 * Y], axis=1))
    values, _, _ = asked(forest)
    assert np.array_equal(values[:, 1:], [[1.0, 0.0]] * 5)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_labels_in_one_array_are_probabilities_each():
    several = [
        OneVsRestClassifier(LogisticRegression(max_iter=2000)),
        ClassifierChain(LogisticRegression(max_iter=2000), random_state=0),
        MLPClassifier((8,), max_iter=50, random_state=0),
    ]
    for estimator in several:
        values, _, model = asked(estimator.fit(X, BOTH))
        assert np.array_equal(values, estimator.predict_proba(X[:5]))
        assert model.contract.head == "sigmoid"


def test_several_outputs_of_several_classes_stand_side_by_side():
    targets = np.stack([NAMED, np.where(Y < 5, "low", "high")], axis=1)
    forest = RandomForestClassifier(5, random_state=0).fit(X, targets)
    values, names, _ = asked(forest)
    assert np.array_equal(values, np.concatenate(forest.predict_proba(X[:5]), axis=1))
    assert names == (*(f"output 0: {name}" for name in sorted(set(NAMED))), "output 1: high", "output 1: low")
    votes, same, _ = asked(forest, method="predict")
    assert same == names
    assert np.array_equal(votes.sum(axis=1), [2.0] * 5)


def test_a_regressor_of_several_outputs():
    regressor = Ridge().fit(X, np.stack([Y, -Y], axis=1))
    values, names, _ = asked(regressor)
    assert np.array_equal(values, regressor.predict(X[:5]))
    assert names == ("value 0", "value 1")


def flattened(images):
    return images.reshape(len(images), -1)


@pytest.mark.parametrize("shape", [(8, 8, 1), (8, 8)])
def test_a_pipeline_trained_on_images_is_given_images(shape):
    pipeline = make_pipeline(FunctionTransformer(flattened), LogisticRegression(max_iter=2000))
    pipeline.fit(X.reshape(-1, *shape), NAMED)
    rows = "gray" if len(shape) == 2 else "auto"
    for estimator in (pipeline, GridSearchCV(pipeline, {}, cv=2).fit(X.reshape(-1, *shape), NAMED)):
        values, names, _ = asked(estimator, rows=rows)
        assert np.array_equal(values, estimator.predict_proba(X[:5].reshape(5, *shape)))
        assert names == tuple(estimator.classes_)
        assert explained(estimator, rows).outlook.keys() <= set(names)


def explained(estimator, rows):
    model = limefw.model(estimator, use={"use": "sklearn", "rows": rows, "size": [8, 8]})
    return limefw.explain(DIGITS.images[3], model, segmenter={"use": "grid", "rows": 2, "columns": 2}, samples=20)


class Shapes(ClassifierMixin, BaseEstimator):
    """A classifier of the user's own, that says nothing of features and remembers what it was given."""

    def fit(self, X, y):
        self.classes_, self.seen = np.unique(y), []
        return self

    def predict_proba(self, X):
        self.seen.append((X.shape, X.dtype))
        return np.tile([0.25, 0.75], (len(X), 1))


def test_an_estimator_of_ones_own_gets_the_images_in_the_layout_asked_for():
    own = Shapes().fit(None, ["a", "b"])
    use = {"use": "sklearn", "size": [6, 4], "layout": "NCHW", "preprocessing": "0..1"}
    model = limefw.model(own, use=use)
    image = np.zeros((12, 8, 3), np.uint8)
    limefw.explain(image, model, segmenter={"use": "grid", "rows": 2, "columns": 2}, samples=4)
    assert own.seen[0] == ((1, 3, 6, 4), np.float64)
    assert not any("as they are" in note for note in model.notes)
    assert any("does not say how many features" in note for note in model.notes)


def test_planes_are_flattened_plane_by_plane():
    seen = []
    pipeline = make_pipeline(FunctionTransformer(lambda rows: (seen.append(rows.copy()), rows)[1]), GaussianNB())
    pipeline.fit(np.random.default_rng(0).random((20, 12)), np.arange(20) % 2)
    model = limefw.model(pipeline, use={"use": "sklearn", "size": [2, 2], "layout": "NCHW"})
    assert model.contract.channels == 3
    image = np.arange(12.0).reshape(2, 2, 3)
    seen.clear()
    limefw.explain(
        limefw.Image(image, (0.0, 12.0)), model, segmenter={"use": "grid", "rows": 2, "columns": 2}, samples=4
    )
    assert np.array_equal(seen[0], np.moveaxis(image, -1, 0).reshape(1, -1))


def test_pixels_are_given_as_they_are_and_it_says_so():
    own = Shapes().fit(None, ["a", "b"])
    model = limefw.model(own)
    limefw.explain(np.zeros((8, 8, 3), np.uint8), model, segmenter={"use": "grid", "rows": 2, "columns": 2}, samples=4)
    assert own.seen[0] == ((1, 8, 8, 3), np.uint8)
    assert any("the pixels as they are" in note for note in model.notes)


def test_a_photograph_is_brought_to_the_size_given():
    classifier = LogisticRegression(max_iter=2000).fit(X, NAMED)
    model = limefw.model(classifier, use={"use": "sklearn", "size": [8, 8], "value_range": [0.0, 16.0]})
    assert (model.contract.size, model.contract.channels) == ((8, 8), 1)
    photo = np.repeat(np.kron(DIGITS.images[1] / 16 * 255, np.ones((5, 5)))[..., None], 3, axis=2).astype(np.uint8)
    assert next(iter(exactly_explained(photo, model).outlook)) == "one"


def test_the_wrong_size_says_which_would_do():
    classifier = LogisticRegression(max_iter=2000).fit(X, NAMED)
    with pytest.raises(
        ModelError, match=r"takes 64 features, and an image of 20 x 30 x 3 has 1800 values: size=\[8, 8\]"
    ):
        exactly_explained(np.zeros((20, 30, 3), np.uint8), classifier)
    with pytest.raises(ModelSourceError, match="64 features, which are no 5 x 5 pixels"):
        asked(classifier, size=[5, 5])
    odd = GaussianNB().fit(X[:, :35], Y)
    with pytest.raises(ModelError, match=r"give size=\[HEIGHT, WIDTH\]"):
        asked(odd, rows="flat")


def test_a_model_trained_on_a_table_with_names_is_given_one():
    """Else scikit-learn warns at every call, and a column transformer fails."""
    pandas = pytest.importorskip("pandas", reason="the table is pandas'")
    frame = pandas.DataFrame(X, columns=DIGITS.feature_names)
    classifier = LogisticRegression(max_iter=2000).fit(frame, NAMED)
    values, _, _ = asked(classifier)
    assert np.allclose(values, classifier.predict_proba(frame[:5]), atol=1e-12)


def test_without_pandas_such_a_model_says_what_to_install(monkeypatch):
    classifier = GaussianNB().fit(X, NAMED)
    classifier.feature_names_in_ = np.array(DIGITS.feature_names, dtype=object)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingDependencyError, match="pip install pandas"):
        limefw.model(classifier)


def test_what_is_no_model_is_refused():
    cases = [
        (LogisticRegression(), "LogisticRegression was not fitted"),
        (make_pipeline(StandardScaler(), SVC()), "was not fitted"),
        (StandardScaler().fit(X), "has none of predict_proba, decision_function, predict"),
        (KMeans(3, n_init=1, random_state=0).fit(X), "only numbers clusters"),
    ]
    for estimator, message in cases:
        with pytest.raises(ModelSourceError, match=message):
            limefw.model(estimator)
    with pytest.raises(ModelSourceError, match="SVC has no predict_proba; it has: decision_function, predict"):
        asked(SVC().fit(X, Y), method="predict_proba")
    with pytest.raises(ModelSourceError, match="the path of its file, got list"):
        limefw.model([1, 2], use="sklearn")


def test_decision_values_declared_as_probabilities_are_told():
    """What the message says to write instead is what works."""
    estimator = LinearSVC(random_state=0, max_iter=20_000).fit(X, Y)
    with pytest.raises(ModelError, match=r"no probabilities.*use=\{'use': 'sklearn', 'head': 'scores'\}"):
        asked(estimator, head="probabilities")
    assert asked(estimator, head="scores")[2].contract.head == "scores"


def test_the_names_that_come_along_are_suggested():
    """A slip in their name is taken for a file's, which is not there."""
    for slip in ("imagnet", "ImageNet"):
        with pytest.raises(
            ModelSourceError, match=rf"there is no file of class names {slip}\. Did you mean 'imagenet'"
        ):
            asked(GaussianNB().fit(X, Y), classes=slip)


def test_class_names_from_a_file(tmp_path):
    (tmp_path / "names.txt").write_text("\n".join(f"digit {at}" for at in range(10)), encoding="utf-8")
    _, names, _ = asked(GaussianNB().fit(X, Y), classes=str(tmp_path / "names.txt"))
    assert names[3] == "digit 3"
    _, own, _ = asked(GaussianNB().fit(X, Y))
    assert own[3] == "3"


@pytest.mark.parametrize("method", ["predict_proba", "predict"])
def test_the_kit_passes_with_other_settings(method):
    classifier = RandomForestClassifier(3, random_state=0).fit(X, NAMED)
    params = {"size": [8, 8], "method": method, "preprocessing": "-1..1", "resize": "crop"}
    assert "contract" in check_plugin("models", "sklearn", params=params, source=classifier).checks


# files


def saved(folder, estimator):
    io = pytest.importorskip("skops.io", reason="needs the extra skops")
    path = folder / "model.skops"
    io.dump(estimator, path)
    return path


def test_a_skops_file_is_what_was_saved(tmp_path):
    classifier = make_pipeline(StandardScaler(), PCA(10, random_state=0), LogisticRegression(max_iter=2000)).fit(
        X, NAMED
    )
    values, names, model = asked(saved(tmp_path, classifier))
    assert np.array_equal(values, classifier.predict_proba(X[:5]))
    assert (names, model.name) == (tuple(classifier.classes_), "model")
    first = model.fingerprint
    assert first == limefw.model(tmp_path / "model.skops").fingerprint
    assert first != asked(tmp_path / "model.skops", method="predict")[2].fingerprint
    assert first != asked(saved(tmp_path, GaussianNB().fit(X, NAMED)))[2].fingerprint


def test_a_skops_file_is_known_by_its_content(tmp_path):
    io = pytest.importorskip("skops.io", reason="needs the extra skops")
    io.dump(GaussianNB().fit(X, Y), tmp_path / "bayes.bin")
    assert limefw.model(tmp_path / "bayes.bin").name == "bayes"


def test_types_that_skops_does_not_know_are_listed_and_need_trust(tmp_path):
    pipeline = make_pipeline(FunctionTransformer(np.sqrt), FunctionTransformer(np.loadtxt), GaussianNB())
    pipeline[-1].fit(X, NAMED)
    path = saved(tmp_path, pipeline)
    with pytest.raises(UntrustedError, match=r"loadtxt.*trust=True"):
        limefw.model(path)
    assert limefw.model(path, trust=True).name == "model"


class Canary:
    """What runs when a pickle with this in it is loaded: it makes a folder."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.mkdir, (self.path,)


@pytest.mark.parametrize("suffix", [".pkl", ".pickle", ".joblib"])
def test_a_pickle_runs_nothing_without_trust(tmp_path, suffix):
    path, canary = tmp_path / f"model{suffix}", tmp_path / "canary"
    path.write_bytes(pickle.dumps(Canary(canary)))
    with pytest.raises(UntrustedError, match=r"is a pickle.*trust=True"):
        limefw.model(path)
    with pytest.raises(UntrustedError):
        limefw.model(path, use="sklearn")
    assert not canary.exists()
    with pytest.raises(ModelSourceError, match="holds NoneType, which is no estimator"):
        limefw.model(path, trust=True)
    assert canary.exists()


def test_a_recipe_cannot_trust(tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(GaussianNB().fit(X, Y)))
    with pytest.raises(limefw.RecipeError, match="'trust' is not a parameter"):
        limefw.model(path, use={"use": "sklearn", "trust": True})


@pytest.mark.parametrize("name", ["model.joblib", "model.pkl"])
def test_a_trusted_pickle_is_what_was_saved(tmp_path, name):
    classifier = GaussianNB().fit(X, NAMED)
    joblib.dump(classifier, tmp_path / name, compress=name.endswith("joblib"))
    model = limefw.model(tmp_path / name, trust=True)
    assert np.array_equal(model.predict(batch_of(X[:5])), classifier.predict_proba(X[:5]))


def test_another_version_of_scikit_learn_is_noted(tmp_path):
    classifier = GaussianNB().fit(X, NAMED)
    text = pickle.dumps(classifier, protocol=0)
    version = sklearn.__version__.encode()
    (tmp_path / "old.pkl").write_bytes(text.replace(version, b"1.0.1"[: len(version)].ljust(len(version), b"1")))
    assert any(
        "was saved by scikit-learn 1.0.1" in note for note in limefw.model(tmp_path / "old.pkl", trust=True).notes
    )


def test_files_that_hold_something_else_are_told(tmp_path):
    pytest.importorskip("skops.io", reason="needs the extra skops")
    (tmp_path / "broken.skops").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(ModelSourceError, match="cannot be loaded"):
        limefw.model(tmp_path / "broken.skops")
    (tmp_path / "broken.joblib").write_bytes(b"no pickle")
    with pytest.raises(ModelSourceError, match="cannot be loaded"):
        limefw.model(tmp_path / "broken.joblib", trust=True)
    with pytest.raises(ModelSourceError, match="holds dict, which is no estimator"):
        limefw.model(saved(tmp_path, {"a": 1}))
    (tmp_path / "weights.pkl").write_bytes(b"PK\x03\x04 as PyTorch saves")
    with pytest.raises(ModelSourceError, match="no model takes"):
        limefw.model(tmp_path / "weights.pkl")
    with pytest.raises(ModelSourceError, match="no model file"):
        limefw.model(tmp_path / "gone.skops", use="sklearn")


def test_without_skops_it_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "model.skops").write_bytes(b"PK")
    monkeypatch.setitem(sys.modules, "skops", None)
    monkeypatch.setitem(sys.modules, "skops.io", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'limefw\[skops\]'"):
        limefw.model(tmp_path / "model.skops")


TREES = {
    "tree": lambda: DecisionTreeClassifier(max_depth=4, random_state=0),
    "forest": lambda: RandomForestClassifier(4, max_depth=4, random_state=0),
    "extra trees": lambda: make_pipeline(PCA(8, random_state=0), ExtraTreesClassifier(4, random_state=0)),
    "bagged, of some features": lambda: BaggingClassifier(n_estimators=3, max_features=0.5, random_state=0),
    "boosted by weights": lambda: AdaBoostClassifier(n_estimators=3, random_state=0),
    "outliers": lambda: IsolationForest(n_estimators=4, max_features=0.5, random_state=0),
    "calibrated": lambda: CalibratedClassifierCV(DecisionTreeClassifier(max_depth=3, random_state=0), cv=2),
}


@pytest.mark.parametrize("name", TREES)
def test_trees_in_a_skops_file_need_no_trust(name, tmp_path):
    """scikit-learn's own trees are data, once their nodes have been looked at."""
    estimator = TREES[name]().fit(X, Y % 3)
    found = limefw.model(saved(tmp_path, estimator)).predict(batch_of(X[:5]))
    ask = estimator.decision_function if name == "outliers" else estimator.predict_proba
    assert np.array_equal(found, ask(X[:5]))


def with_nodes(estimator, **changed):
    """Return an estimator whose first inner node (of its first tree) was changed by hand."""
    tree = (estimator.estimators_[0] if hasattr(estimator, "estimators_") else estimator).tree_
    made, state = tree.__reduce__()[1], tree.__getstate__()
    nodes = state["nodes"].copy()
    for name, value in changed.items():
        nodes[name][0] = value
    other = type(tree)(*made)
    other.__setstate__({**state, "nodes": nodes})
    (estimator.estimators_[0] if hasattr(estimator, "estimators_") else estimator).tree_ = other
    return estimator


@pytest.mark.parametrize(
    "changed",
    [{"left_child": 10**9}, {"right_child": 10**9}, {"right_child": -5}, {"left_child": 0}, {"feature": 64},
     {"feature": -3}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("name", ["tree", "forest"])
def test_a_tree_whose_nodes_lead_astray_is_refused(name, changed, tmp_path):
    """scikit-learn would read wherever they say, or go round in circles; it is never asked."""
    path = saved(tmp_path, with_nodes(TREES[name]().fit(X, Y), **changed))
    with pytest.raises(UntrustedError, match=r"nodes that lead out of it.*trust=True"):
        limefw.model(path)


def test_trees_that_are_not_an_estimators_own_are_refused(tmp_path):
    """Of fewer features than its holder says, held by nobody, or boosted, which writes where its shape says."""
    narrow = TREES["tree"]().fit(X, Y)
    narrow.n_features_in_ = 2
    bare = make_pipeline(PCA(2).fit(X), TREES["tree"]().fit(X, Y).tree_)
    boosted = GradientBoostingClassifier(n_estimators=2).fit(X, Y % 3)
    for estimator, words in ((narrow, "lead out of it"), (bare, "no estimator's"), (boosted, "boosted trees")):
        with pytest.raises(UntrustedError, match=words):
            limefw.model(saved(tmp_path, estimator))
    assert limefw.model(tmp_path / "model.skops", trust=True).predict(batch_of(X[:5])).shape == (5, 3)


def test_scores_have_a_margin_and_no_log_odds():
    """A classifier without probabilities is one all the same."""
    classifier = LinearSVC(random_state=0, max_iter=20_000).fit(X, NAMED)
    found = exactly_explained(DIGITS.images[0], classifier, labels=["zero"], target="margin")
    scores = classifier.decision_function(X[:1])[0]
    at = list(classifier.classes_).index("zero")
    assert found.prediction() == pytest.approx(scores[at] - np.delete(scores, at).max())
    assert found.provenance["model"]["task"] == "classification"
    told = exactly_explained(DIGITS.images[0], classifier).render("text").data
    assert "says zero with score " in told
    assert "probability" not in told
    with pytest.raises(ModelError, match="gives scores instead: use target 'margin' or 'probability'"):
        exactly_explained(DIGITS.images[0], classifier, target="log_odds")
    with pytest.raises(ModelError, match="scale 'log' needs probabilities"):
        exactly_explained(DIGITS.images[0], classifier, target={"use": "margin", "scale": "log"})


def test_strings_in_a_table_make_no_model_of_texts():
    """As XGBoost 3.4 says of itself: strings may be values of a column. A reader of texts takes no table."""

    class Boosted(DecisionTreeClassifier):
        def __sklearn_tags__(self):
            tags = super().__sklearn_tags__()
            tags.input_tags.string = True
            return tags

    model = limefw.model(Boosted(max_depth=3).fit(DIGITS.data, DIGITS.target))
    assert model.modality != "text"
    words = make_pipeline(CountVectorizer(), LogisticRegression()).fit(["one", "two"], [0, 1])
    assert limefw.model(words).modality == "text"
