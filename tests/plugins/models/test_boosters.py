"""XGBoost and LightGBM: boosters, their files and their scikit-learn classes give one explanation."""

import warnings

import numpy as np
import pytest

import limefw


pd = pytest.importorskip("pandas")


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"first one": rng.normal(size=300), "b": rng.normal(size=300), "c": rng.integers(0, 5, 300)})
    frame.loc[::9, "b"] = np.nan
    return frame


def target(frame, task):
    score = frame["first one"] - 2 * frame["c"] + frame["b"].fillna(0)
    return {"binary": score > score.median(), "many": pd.qcut(score, 3, labels=False), "values": score}[task]


def forms(library, frame, task, folder):
    """Return the same model as an estimator, as a booster and as a file."""
    made = pytest.importorskip(library)
    kind = "Regressor" if task == "values" else "Classifier"
    prefix, quiet = ("XGB", {}) if library == "xgboost" else ("LGBM", {"verbose": -1})
    estimator = getattr(made, prefix + kind)(n_estimators=8, n_jobs=1, **quiet).fit(frame, target(frame, task))
    booster = estimator.get_booster() if library == "xgboost" else estimator.booster_
    path = folder / ("model.ubj" if library == "xgboost" else "model.txt")
    booster.save_model(path)
    return estimator, booster, path


@pytest.mark.parametrize("task", ["binary", "many", "values"])
@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_all_forms_give_one_explanation(library, task, people, tmp_path):
    """Whatever the order of the table's columns, and with one that the model does not know."""
    turned = people[["c", "b", "first one"]].assign(more=0.5 + np.arange(300))
    row = limefw.Table(turned).row(4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        models = forms(library, people, task, tmp_path)
        found = [limefw.explain(row, model, samples=300, labels=[0]) for model in models]
    for one in found[1:]:
        np.testing.assert_allclose(one.effects(), found[0].effects(), atol=1e-6)
        assert one.prediction() == pytest.approx(found[0].prediction(), abs=1e-6)
    more = [effect for effect in found[0].top(None) if "more" in effect.name]
    assert not more or abs(more[0].effect) < 4 * more[0].standard_error


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_missing_columns_are_told_and_polars_frames_are_read(library, people, tmp_path):
    pl = pytest.importorskip("polars")
    _, booster, path = forms(library, people, "binary", tmp_path)
    with pytest.raises(limefw.ModelError, match="columns that the table lacks: b"):
        limefw.explain(limefw.Table(people[["first one", "c"]]).row(0), booster)
    frame = pl.DataFrame({name: people[name].to_numpy() for name in people.columns})
    ours = limefw.explain(limefw.Table(frame).row(4), path, samples=200)
    theirs = limefw.explain(limefw.Table(people).row(4), path, samples=200)
    np.testing.assert_allclose(ours.effects(), theirs.effects(), atol=1e-6)


@pytest.mark.parametrize(("library", "name"), [("xgboost", "bad.json"), ("lightgbm", "bad.txt")])
def test_damaged_files_are_told(library, name, tmp_path):
    pytest.importorskip(library)
    (tmp_path / name).write_text('{"learner": 1' if library == "xgboost" else "tree\nversion=v4\nnothing")
    with pytest.raises(limefw.ModelError, match="cannot be loaded by"):
        limefw.model(tmp_path / name)


def test_a_booster_that_says_classes_alone_is_asked_for_more(people):
    xgboost = pytest.importorskip("xgboost")
    data = xgboost.DMatrix(people, label=target(people, "many"))
    booster = xgboost.train({"objective": "multi:softmax", "num_class": 3, "nthread": 1}, data, 5)
    found = limefw.explain(limefw.Table(people).row(4), booster, samples=200)
    assert sum(found.outlook.values()) == pytest.approx(1.0)


def test_models_of_rows_are_not_asked_about_pictures(people):
    xgboost = pytest.importorskip("xgboost")
    booster = xgboost.XGBClassifier(n_estimators=2).fit(people, target(people, "binary")).get_booster()
    with pytest.raises(limefw.ModelError, match="is for table, and this is image"):
        limefw.explain(np.zeros((20, 20, 3), np.uint8), booster)
