"""A row of a table on the command line."""

import json

import numpy as np
import pytest

import limefw


pd = pytest.importorskip("pandas")


@pytest.fixture
def people(tmp_path):
    """A table with what the model should say, and a model of the user's own in the current folder."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({
        "age": rng.integers(18, 80, 120), "housing": rng.choice(["own", "rent"], 120), "income": rng.normal(size=120),
    })  # fmt: skip
    frame["good"] = (frame["age"] > 45) & (frame["housing"] == "own")
    frame.to_csv(tmp_path / "people.csv", index=False)
    frame.to_csv(tmp_path / "people.tsv", index=False, sep="\t")
    source = """
import numpy as np

def predict(frame):
    assert list(frame.columns) == ["age", "housing", "income"]
    odds = 0.1 + 0.5 * (frame["age"] > 45).to_numpy() + 0.3 * (frame["housing"] == "own").to_numpy()
    return np.stack([1 - odds, odds], axis=1)
"""
    (tmp_path / "mine.py").write_text(source)
    return frame


DROP = ("-s", 'reader.drop=["good"]')


def test_a_row_of_a_csv_file(run, people, tmp_path):
    """`--row` makes a table of the file: page, picture, figures and a file that loads, named after table and row."""
    code, out, _ = run("explain", "people.csv", "--row", 7, "-m", "mine:predict", *DROP)
    assert code == 0
    assert "What speaks for and against" in out
    folder = tmp_path / "limefw-out"
    ends = ("-figure.png", ".html", ".json", ".limefw")
    assert {path.name for path in folder.iterdir()} == {f"people-row-7{end}" for end in ends}
    found = limefw.load(folder / "people-row-7.limefw")
    assert found.instance.texts[:2] == (str(people["age"][7]), people["housing"][7])
    assert run("draw", folder / "people-row-7.limefw", "-o", "-")[1] == found.render("text").data


def test_settings_reach_reader_and_segmenter(run, people):
    code, out, _ = run(
        "explain", "people.tsv", "--row", 3, "-m", "mine:predict", "-s", "reader.labels=good", "-s",
        "segmenter.discretizer=entropy", "-s", 'reader.immutable=["income"]', "-l", 1, "-o", "-", "-f", "json",
    )  # fmt: skip
    assert code == 0
    found = json.loads(out)
    assert any("age" in name for name in found["segments"]["names"])
    assert not any("income" in name for name in found["segments"]["names"])
    assert found["provenance"]["recipe"]["reader"]["row"] == 3


def test_recipe_or_reader_say_that_a_file_is_a_table(run, people):
    """Without them, or --row, a .csv is a time series."""
    people[["age", "housing", "income"]].to_csv("bare.csv", index=False)
    code, out, _ = run("explain", "bare.csv", "-r", "table", "-m", "mine:predict", "-o", "-")
    assert code == 0
    assert "bare.csv row 0, 3 columns" in out
    code, out, _ = run("explain", "people.csv", "-s", "reader.use=table_file", "-m", "mine:predict", *DROP, "-o", "-")
    assert code == 0
    assert "people.csv row 0, 3 columns" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("people.csv", "--row", 400), "there is no row 400: the table has 120"),
        (("people.csv", "--row", -1), "greater than or equal to 0"),
        (("none.csv", "--row", 1), "there is no file none.csv"),
        (("people.csv", "--row", 1, "-s", 'reader.drop=["god"]'), "has no column 'god'. Did you mean 'good'?"),
        (("people.csv", "--row", 1, "-r", "lime"), "is for image, and this is table"),
    ],
)
def test_what_cannot_be_explained_is_told(run, people, arguments, message):
    code, _, err = run("explain", *arguments, "-m", "mine:predict")
    assert code == 2
    assert message in " ".join(err.split())


def test_boosters_are_files_that_need_no_trust(run, people, tmp_path):
    """XGBoost's and LightGBM's files hold numbers alone, and find their columns by name."""
    lightgbm, xgboost = pytest.importorskip("lightgbm"), pytest.importorskip("xgboost")
    numbers = people[["income", "age"]]
    light = lightgbm.LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1).fit(numbers, people["good"])
    light.booster_.save_model(tmp_path / "light.txt")
    xgboost.XGBClassifier(n_estimators=5, n_jobs=1).fit(numbers, people["good"]).save_model(tmp_path / "x.json")
    for name, truth in (("light.txt", light), ("x.json", None)):
        code, out, err = run("explain", "people.csv", "--row", 7, "-m", name, *DROP, "-l", 1, "-o", "-", "-f", "json")
        assert (code, err) == (0, "")
        found = json.loads(out)
        if truth is not None:
            assert found["labels"][0]["model_prediction"] == truth.predict_proba(numbers.iloc[[7]])[0, 1]
        strongest = np.argmax(np.abs(found["labels"][0]["effects"]))
        assert "age" in found["segments"]["names"][strongest]


def test_who_forgets_the_row_is_told(run, people):
    code, _, err = run("explain", "people.csv", "-m", "mine:predict")
    assert code == 2
    assert "'own' in line" in err or "'rent' in line" in err
    assert "--row 3" in " ".join(err.split())


def test_what_is_true_of_a_row_is_listed_without_a_model(run, people):
    code, out, _ = run("segments", "people.csv", "--row", 3, *DROP)
    assert code == 0
    assert f"housing = {people['housing'][3]}" in out.splitlines()
    assert "3 of 3 features." in out
