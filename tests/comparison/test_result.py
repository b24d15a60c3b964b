"""What a comparison holds when some of it fails, and the forms it takes."""

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from three_classes import GRID, Counted, three_classes

import limefw
from limefw.comparison.report import _short
from limefw.errors import InputError, LimefwError


def breaks(_around: Any, _rng: Any, /) -> Any:
    raise ValueError("no fit today")


def test_a_variant_that_fails_does_not_stop_the_others(picture: Any, model: Counted) -> None:
    variants = {"bad": {**GRID, "surrogate": breaks}, "good": GRID}
    found = limefw.compare([picture, picture[::-1].copy()], model, variants=variants, seeds=2)
    assert [bool(cell.failure) for cell in found] == [True, False] * 4
    assert "no fit today" in found.cell("bad").failure
    with pytest.raises(LimefwError, match="bad failed on image: ValueError: no fit today"):
        found.explanation("bad")
    assert found["good"].top(1)
    assert len(found.failed("bad")) == 4
    assert "4 explanations failed (bad)" in " ".join(found.summary())
    assert math.isnan(found.matrix("jaccard")[0, 1])


def test_nobody_follows_best_what_nobody_follows(picture: Any) -> None:
    """Of a model whose answers are noise the summary names no best surrogate, and says how little they follow it."""

    def noise(batch: Any) -> Any:
        return np.array([[np.random.default_rng(list(row.tobytes())).random()] for row in batch])

    model = limefw.model(noise, model_id="noise")
    found = limefw.compare(picture, model, variants={"a": GRID, "b": {**GRID, "kernel": "flat"}})
    assert max(found.fidelity("a").mean, found.fidelity("b").mean) < 0
    (told,) = [line for line in found.summary() if "follow" in line]
    assert told.startswith("None follows the model: R² on samples left out is -")


@pytest.mark.parametrize(("value", "told"), [(-0.001, "0.00"), (-0.006, "-0.01"), (float("nan"), "-")])
def test_nothing_is_less_than_nothing(value: float, told: str) -> None:
    assert _short(value) == told


def test_rows_that_were_paid_for_serve_those_after_a_failure(picture: Any, model: Counted) -> None:
    limefw.compare(picture, model, variants={"good": GRID})
    alone, model.rows = model.rows, 0
    limefw.compare(picture, model, variants={"bad": {**GRID, "surrogate": breaks}, "good": GRID})
    assert model.rows == alone


def test_an_input_that_fails_for_one_variant_only(picture: Any, model: Counted) -> None:
    def narrow(image: Any, _rng: Any, /) -> Any:
        if image.pixels[0, 0, 0] > 100:
            raise RuntimeError("too light")
        return limefw.Segments.from_labels(np.arange(24 * 24).reshape(24, 24) // 96)

    dark, light = picture.copy(), picture.copy()
    dark[0, 0], light[0, 0] = 0, 255
    found = limefw.compare([dark, light], model, variants={"a": {**GRID, "segmenter": narrow}, "b": GRID})
    assert [cell.failure.split(":")[0] for cell in found] == ["", "", "RuntimeError", ""]
    assert np.isfinite(found.agreement.of("jaccard@5")[0, 1, 0])
    assert np.isnan(found.agreement.of("jaccard@5")[0, 1, 1])


def test_an_instance_that_cannot_be_read_fails_by_itself(picture: Any, tmp_path: Path, model: Counted) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    found = limefw.compare([broken, picture], model, variants={"a": GRID, "b": {**GRID, "kernel": "flat"}})
    assert [bool(cell.failure) for cell in found] == [True, True, False, False]
    assert found.explanation("a", 1).top(1)


def test_where_all_fails_the_first_reason_is_raised(picture: Any, model: Counted) -> None:
    with pytest.raises(InputError, match="no fit today"):
        limefw.compare(picture, model, variants={"bad": {**GRID, "surrogate": breaks}})


def test_control_c_gives_back_what_there_is(picture: Any) -> None:
    rows = [0]

    def slow(batch: Any) -> Any:
        rows[0] += len(batch)
        if rows[0] > 130:
            raise KeyboardInterrupt
        return three_classes(batch)

    variants = {"first": GRID, "second": {**GRID, "sampler": "paired"}}
    found = limefw.compare(picture, slow, variants=variants, chunk=10)
    assert found.interrupted
    assert [cell.side for cell in found] == [0]
    assert "interrupted" in found.table()
    with pytest.raises(KeyboardInterrupt):
        limefw.compare(picture, slow, variants=variants)


def test_json_has_the_figures_and_no_number_that_json_has_not(picture: Any, model: Counted) -> None:
    found = limefw.compare(
        picture,
        model,
        variants={"bad": {**GRID, "surrogate": breaks}, "a": GRID, "tree": {**GRID, "surrogate": "tree"}},
    )
    text = found.to_json()
    read = json.loads(text, parse_constant=pytest.fail)
    assert read == json.loads(json.dumps(found.to_mapping() | {"created": read["created"]}))
    assert read["agreement"]["jaccard_at"]["5"][1][2] == found.matrix("jaccard")[1, 2]
    assert read["agreement"]["jaccard_at"]["5"][0][1] is None
    assert read["differences"]["surrogate.use"] == ["inline", "ridge", "tree"]
    assert [side["failed"] for side in read["sides"]] == [1, 0, 0]
    assert read["spent"]["rows"] == model.rows
    assert read["alone"]["rows"] == 2 * model.rows
    assert read["cells"][1]["strongest"][0]["effect"] == found["a"].top(1)[0].effect


def test_the_table_goes_to_csv_pandas_and_parquet(picture: Any, model: Counted, tmp_path: Path) -> None:
    found = limefw.compare(picture, model, variants={"a": GRID, "bad": {**GRID, "surrogate": breaks}}, seeds=2)
    with found.to_csv(tmp_path / "t.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["variant"] for row in rows] == ["a", "bad", "a", "bad"]
    assert float(rows[0]["rows"]) == 120
    assert float(rows[0]["fidelity"]) == found["a"].health.labels[found["a"].labels[0]].cross_fitted
    assert rows[1]["failure"].startswith("ValueError: no fit today")
    pandas = pytest.importorskip("pandas")
    frame = found.to_frame()
    assert list(frame["seed"]) == [0, 0, 1, 1]
    pytest.importorskip("pyarrow")
    assert pandas.read_parquet(found.to_parquet(tmp_path / "t.parquet")).shape == frame.shape


def test_metrics_are_taken_of_each_explanation(picture: Any, model: Counted) -> None:
    def strongest(explanation: Any, _game: Any, _rng: Any, /) -> dict[str, float]:
        return {"effect": abs(explanation.top(1)[0].effect)}

    def fails(_explanation: Any, _game: Any, _rng: Any, /) -> dict[str, float]:
        raise ValueError("cannot judge")

    variants = {"a": GRID, "b": {**GRID, "surrogate": "linear"}}
    found = limefw.compare(picture, model, variants=variants, metrics=[strongest, fails, "deletion"], seeds=2)
    for cell in found:
        assert cell.explanation is not None
        assert cell.figures["strongest.effect"] == abs(cell.explanation.top(1)[0].effect)
        assert cell.failures["fails"] == "ValueError: cannot judge"
        assert 0 <= cell.figures["deletion.auc"] <= 1
    assert found.figures("a")["strongest.effect"].count == 2


@pytest.mark.parametrize(
    ("condition", "many"),
    [("jaccard@5 < 2", 1), ("jaccard@5 >= 2", 0), ("spearman<-1.5", 0), ("sign_flips <= 1", 1), ("fidelity > -9", 2)],
)
def test_conditions_are_true_of_pairs_or_of_sides(picture: Any, model: Counted, condition: str, many: int) -> None:
    found = limefw.compare(picture, model, variants={"a": GRID, "b": {**GRID, "kernel": "flat"}})
    assert len(found.violations(condition)) == many


def test_what_is_not_known_does_not_pass_quietly(picture: Any, model: Counted) -> None:
    found = limefw.compare(picture, model, variants={"a": GRID, "bad": {**GRID, "surrogate": breaks}})
    assert "not known" in found.violations("jaccard@5 < 0")[0]


@pytest.mark.parametrize(
    "condition", ["jaccard@5", "jaccard < x", "< 3", "jaccard@5 == 1", "jacard@5 < 1", "jaccard@99 < 1"]
)
def test_no_condition_is_told(picture: Any, model: Counted, condition: str) -> None:
    found = limefw.compare(picture, model, variants={"a": GRID, "b": {**GRID, "kernel": "flat"}})
    with pytest.raises(InputError):
        found.violations(condition)


def test_a_pair_is_needed_for_an_agreement(picture: Any, model: Counted) -> None:
    with pytest.raises(InputError, match="between two"):
        limefw.compare(picture, model, variants={"a": GRID}).violations("jaccard < 1")


def words(texts: Any) -> Any:
    good = np.array([0.2 + 0.6 * ("good" in text) - 0.1 * ("not" in text) for text in texts])
    return np.stack([good, 1 - good], axis=1)


def test_texts_rows_and_series_are_compared_alike() -> None:
    found = limefw.compare("a good film and not a long one", words, vary={"kernel": ["flat", "cosine_exponential"]})
    assert found[0].instance.modality == "text"
    assert found.matrix("jaccard@1")[0, 1] == 1.0
    rng = np.random.default_rng(0)
    table = limefw.Table(rng.normal(size=(60, 4)), names=["a", "b", "c", "d"])

    def risk(rows: Any) -> Any:
        p = 1 / (1 + np.exp(-np.asarray(rows, dtype=float) @ [3.0, 0.0, -2.0, 0.0]))
        return np.stack([1 - p, p], axis=1)

    rows = limefw.compare([table.row(0), table.row(1)], risk, vary={"surrogate": ["ridge", "tree"]}, budget=200)
    assert len(rows) == 4
    assert rows.explanation("tree", 1).instance.modality == "table"
    series = rng.normal(size=(50, 2))

    def late(batch: Any) -> Any:
        p = 1 / (1 + np.exp(-batch[:, 30:, 0].mean(axis=1)))
        return np.stack([p, 1 - p], axis=1)

    over = {"segmenter": {"use": "windows", "count": 10}}
    windows = limefw.compare(limefw.Series(series), late, vary={"kernel": ["flat", "l2"]}, overrides=over, budget=100)
    assert np.isfinite(windows.matrix("overlap")[0, 1])


@pytest.mark.parametrize(
    ("metrics", "told"),
    [(["nope"], "nope"), (["pointing"], "needs a mask"), ([{"use": "deletion", "baselin": "grey"}], "baseline")],
)
def test_metrics_that_cannot_judge_are_told_before_the_model_is_asked(
    picture: Any, model: Counted, metrics: Any, told: str
) -> None:
    with pytest.raises(LimefwError, match=told):
        limefw.compare(picture, model, variants={"a": GRID}, metrics=metrics)
    assert model.rows == 0


def test_each_reason_for_a_failure_is_told_with_its_own_explanations(picture: Any, model: Counted) -> None:
    def breaks_too(_around: Any, _rng: Any, /) -> Any:
        raise ValueError("another reason")

    variants = {"one": {**GRID, "surrogate": breaks}, "two": {**GRID, "surrogate": breaks_too}, "good": GRID}
    told = " ".join(limefw.compare([picture, picture], model, variants=variants).summary())
    assert "2 explanations failed (one): ValueError: no fit today" in told
    assert "2 explanations failed (two): ValueError: another reason" in told


def test_no_interval_reaches_beyond_what_a_figure_can_be(picture: Any, model: Counted) -> None:
    pictures = [picture, picture[::-1].copy()]
    variants = {"a": {**GRID, "samples": 40}, "b": {**GRID, "segmenter": {"use": "grid", "rows": 3}, "samples": 40}}
    found = limefw.compare(pictures, model, variants=variants, seeds=2)
    for side in ("a", "b"):
        assert found.fidelity(side).high <= 1.0
        assert 0.0 <= found.stability(side).low <= found.stability(side).high <= 1.0
    verdict = found.verdict("a", "b")
    assert 0.0 <= verdict.agreement.low <= verdict.agreement.high <= 1.0
    assert verdict.finding == "not known"


def test_texts_are_called_by_their_first_words() -> None:
    texts = ["a good film and not a long one", "bad " * 30]
    found = limefw.compare(texts, words, vary={"kernel": ["flat"]}, budget=40)
    assert found.instances == ("a good film and not a long one", "bad bad bad bad bad bad bad bad bad bad…")


def test_control_c_in_a_metric_keeps_the_explanation(picture: Any, model: Counted) -> None:
    def stopped(_explanation: Any, _game: Any, _rng: Any, /) -> dict[str, float]:
        raise KeyboardInterrupt

    found = limefw.compare(picture, model, variants={"a": GRID, "b": {**GRID, "kernel": "flat"}}, metrics=[stopped])
    assert found.interrupted
    assert [cell.side for cell in found] == [0]
    assert found["a"].top(1)


def test_a_model_that_returns_nothing_is_told_as_explain_tells_it(picture: Any) -> None:
    with pytest.raises(InputError, match="lack its return statement"):
        limefw.compare(picture, lambda _batch: None, variants={"a": GRID})


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (
            {"vary": {"model": [{"use": "callable", "head": "values"}, {"use": "callable", "head": "scores"}]}},
            "the model is",
        ),
        ({"vary": {"reader": ["image_array", "image_file"]}}, "the reader is"),
        ({"vary": {"seed": [0, 1]}, "seeds": 3}, "set them further apart"),
    ],
)
def test_what_cannot_be_varied_is_told(picture: Any, model: Counted, settings: Any, told: str) -> None:
    with pytest.raises(LimefwError, match=told):
        limefw.compare(picture, model, recipe=GRID, **settings)
    assert model.rows == 0


def test_instances_come_as_explanations_tables_and_generators_too(picture: Any, model: Counted) -> None:
    made = limefw.explain(picture, model, recipe=GRID, what_if=0)
    found = limefw.compare(made, model, variants={"a": GRID})
    assert np.array_equal(found["a"].effects(), made.effects())
    assert len(limefw.compare((one for one in [picture, picture]), model, variants={"a": GRID})) == 2
    table = limefw.Table(np.random.default_rng(0).normal(size=(3, 4)))
    rows = limefw.compare(
        table, lambda batch: np.asarray(batch, float)[:, :1] > 0, vary={"kernel": ["flat"]}, budget=40
    )
    assert len(rows) == 3


def test_who_failed_is_no_part_of_the_pairs(picture: Any, model: Counted) -> None:
    variants = {"bad": {**GRID, "surrogate": breaks}, "a": GRID, "b": {**GRID, "kernel": "flat"}}
    told = limefw.compare(picture, model, variants=variants).summary()
    assert "bad" not in told[0]
    assert any(text.startswith("1 explanation failed (bad)") for text in told)
