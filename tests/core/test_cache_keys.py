"""The cache never returns a row of another model, preprocessing, filler, instance or segmentation.

A model that sees every bit of what it is given answers; one thing at a time is changed, and what a warm cache gives
must be what the model itself says.
"""

import sys
from dataclasses import fields
from hashlib import blake2b
from typing import get_args

import numpy as np
import pytest

import limefw
from limefw.caching.keys import GAME, game_key, row_keys
from limefw.game import _row_keys
from limefw.stage import signature_of
from limefw_plugins.models._estimator import Method


PHOTO = np.random.default_rng(0).integers(0, 256, (16, 20, 3)).astype(np.uint8)
OTHER = PHOTO.copy()
OTHER[3, 4, 1] ^= 1
TEXT = "good films are good and bad films are not so good"
SERIES = np.random.default_rng(1).normal(size=(40, 2))
ROWS = np.random.default_rng(2).integers(0, 9, (60, 4)).astype(np.float64)


def seen(inputs):
    """Return two numbers for each input that depend on every bit of it, its type and its shape."""
    if hasattr(inputs, "to_dict"):
        rows = [repr((row, list(map(str, inputs.dtypes)), list(inputs.columns))) for row in inputs.to_numpy().tolist()]
    else:
        rows = [row if isinstance(row, str) else repr((row.dtype.str, row.shape, row.tobytes())) for row in inputs]
    hashes = [int.from_bytes(blake2b(row.encode(), digest_size=6).digest()) / 2**48 for row in rows]
    return np.stack([hashes, 1 - np.array(hashes)], axis=1)


class Seeing:
    def __init__(self, salt=0.0):
        self.salt, self.rows = salt, 0

    def __call__(self, inputs):
        self.rows += len(inputs)
        found = (seen(inputs)[:, 0] + self.salt) % 1.0
        return np.stack([found, 1 - found], axis=1)


def asked(cache, source=PHOTO, *, model_id="it", salt=0.0, contract=None, **settings):
    """Return the rows that were predicted and the targets."""
    model = Seeing(salt)
    named = limefw.model(model, model_id=model_id, contract=contract)
    found = limefw.explain(
        source, named, cache=cache, **{"samples": 40, "what_if": 0, "labels": [0], "surrogate": "ridge", **settings}
    )
    return model.rows, found.neighbourhood.targets


def check(first, second, *, differs=True):
    """See that a cache that `first` filled gives `second` what the model says, and `first` once more all of it."""
    cache = {}
    _, before = asked(cache, **first)
    rows, alone = asked(None, **second)
    # else nothing was changed, and the check is none
    assert not differs or not np.array_equal(before, alone)
    spent, found = asked(cache, **second)
    np.testing.assert_array_equal(found, alone)
    assert not differs or spent == rows
    rows, again = asked(cache, **first)
    assert rows == 0
    np.testing.assert_array_equal(again, before)


IMAGE = {"segmenter": {"use": "grid", "rows": 3, "columns": 4}, "filler": {"use": "constant", "value": 0.25}}
WISHES = {"value_range": (0.0, 1.0), "head": "probabilities"}


def soft(share):
    def segmenter(image, _rng, /):
        basis = np.zeros((3, *image.shape), dtype=np.float32)
        basis[0, :, :8], basis[1, :, 8:], basis[2, 4:9] = 1 - share, 1 - share, share
        return limefw.Segments(np.zeros(image.shape, dtype=np.intp), ("a", "b", "c"), basis=basis)

    return segmenter


CONTRACTS = {
    "size": (8, 10), "channels": 3, "layout": "NCHW", "order": "BGR", "value_range": (0.0, 2.0),
    "mean": (0.1, 0.2, 0.3), "std": (2.0,), "dtype": "float64",
}  # fmt: skip
ALIKE = {"head": "sigmoid", "chunk": 7, "resize": "pad"}
"""Of a model that takes any size these change no row: what is served must only be right."""


def test_every_field_of_a_contract_is_changed_here():
    assert CONTRACTS.keys() | ALIKE.keys() == {item.name for item in fields(limefw.Contract)}


@pytest.mark.parametrize("name", CONTRACTS)
def test_another_preprocessing(name):
    base = limefw.Contract(**WISHES)
    changed = limefw.Contract(**{**WISHES, name: CONTRACTS[name]})
    # that it takes three channels changes nothing of three
    check({**IMAGE, "contract": base}, {**IMAGE, "contract": changed}, differs=name != "channels")


@pytest.mark.parametrize("name", ALIKE)
def test_what_changes_no_row_serves_no_wrong_one(name):
    changed = limefw.Contract(**{**WISHES, name: ALIKE[name]})
    check({**IMAGE, "contract": limefw.Contract(**WISHES)}, {**IMAGE, "contract": changed}, differs=False)


@pytest.mark.parametrize("resize", ["crop", "pad"])
def test_another_way_to_the_models_size(resize):
    contracts = [limefw.Contract(**WISHES, size=(12, 12), resize=how) for how in ("stretch", resize)]
    check(*({**IMAGE, "contract": contract} for contract in contracts))


IMAGES = {
    "a bit of a pixel": {"source": OTHER},
    "type of the pixels": {"source": PHOTO.astype(np.uint16), "contract": limefw.Contract()},
    "value range": {"source": limefw.Image(PHOTO, (0.0, 300.0)), "contract": limefw.Contract(**WISHES)},
    "rows of the grid": {"segmenter": {"use": "grid", "rows": 4, "columns": 4}},
    "which way it is cut": {"segmenter": {"use": "grid", "rows": 4, "columns": 3}},
    "soft segments": {"segmenter": soft(0.3)},
    "model": {"model_id": "another", "salt": 0.5},
}


@pytest.mark.parametrize("name", IMAGES)
def test_another_image_or_segmentation(name):
    contract = IMAGES[name].get("contract")
    check({**IMAGE, "contract": contract}, {**IMAGE, **IMAGES[name]})


def test_other_shares_of_soft_segments():
    check({**IMAGE, "segmenter": soft(0.3)}, {**IMAGE, "segmenter": soft(0.31)})


def test_amounts_and_what_is_kept_or_not():
    """Soft codes (float32) and codes of bits are told apart, row by row."""
    check(IMAGE, {**IMAGE, "sampler": "rise_masks"}, differs=False)


# --- fillers: each with two values of each of its parameters


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    from PIL import Image

    folder = tmp_path_factory.mktemp("fillers")
    for name, seed in (("one.png", 5), ("two.png", 6)):
        pixels = np.random.default_rng(seed).integers(0, 256, (30, 40, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / name)
    (folder / "all").mkdir()
    for name in ("one.png", "two.png"):
        (folder / "all" / name).write_bytes((folder / name).read_bytes())
    (folder / "one.txt").write_text("some words of another text")
    (folder / "two.txt").write_text("some words of another book")
    for name, seed in (("one.npy", 7), ("two.npy", 8)):
        np.save(folder / name, np.random.default_rng(seed).normal(size=(5, 40, 2)))
    return folder


def grid(**settings):
    return {"segmenter": IMAGE["segmenter"], **settings}


FILLERS = {
    "background_rows": [],
    "blur": [{"sigma": 0.05}, {"sigma": 0.06}],
    "constant": [{"value": 0.5}, {"value": 0.6}],
    "corpus": [{}, {"file": "one.txt"}, {"file": "two.txt"}, {"texts": ["only these"]}],
    "delete": [],
    "images": [{"paths": "one.png"}, {"paths": "two.png"}, {"paths": "one.png", "fit": "stretch"},
               {"paths": "all", "most": 2}, {"paths": "all", "most": 1}],
    "inpaint": [{}, {"method": "navier_stokes"}, {"radius": 1.0}],
    "mask": [{"token": "[MASK]"}, {"token": "<mask>"}],
    "mean_color": [{}, {"truncate": True}, {"patches": 2}],
    "neighbors": [{}, {"noise": 0.02}],
    "noise": [{}, {"law": "uniform"}, {"fields": 4}, {"field_seed": 1}],
    "other_values": [],
    "replace": [{"by": {"good": "fine"}}, {"by": {"good": "poor"}}, {"by": {"Good": "fine"}, "ignore_case": False},
                {"by": {"good": "fine"}, "otherwise": "-"}],
    "series_background": [{"path": "one.npy"}, {"path": "two.npy"}, {"path": "one.npy", "most": 2}],
    "series_constant": [{"value": 0.0}, {"value": 0.1}],
    "series_mean": [{}, {"of": "segment"}],
    "series_neighbors": [],
    "series_noise": [{}, {"law": "values"}, {"fields": 4}, {"field_seed": 1}],
}  # fmt: skip


def known(name):
    return next(found.plugin for found in limefw.registry().all("fillers") if found.plugin.name == name)


def test_every_filler_and_parameter_is_changed_here():
    """A filler or a parameter that comes later must be put into the list above."""
    ours = [found.plugin for found in limefw.registry().all("fillers") if found.provider.distribution == "limefw"]
    assert {plugin.name for plugin in ours} == FILLERS.keys()
    for plugin in ours:
        changed = {name for settings in FILLERS[plugin.name] for name in settings}
        assert changed == {item.name for item in signature_of(plugin)}, plugin.name


SOURCES = {
    "image": {"source": PHOTO, "segmenter": IMAGE["segmenter"]},
    "text": {"source": TEXT},
    "series": {"source": limefw.Series(SERIES, layout="tc"), "segmenter": {"use": "windows", "count": 6}},
}


def placed(settings, files):
    """Return settings with whole paths."""
    return {key: str(files / value) if key in ("paths", "path", "file") else value for key, value in settings.items()}


PAIRS = [(name, at) for name, several in FILLERS.items() for at in range(1, len(several))]


@pytest.mark.parametrize(("name", "at"), PAIRS)
def test_another_parameter_of_a_filler(name, at, files):
    plugin = known(name)
    first, second = ({"use": name, **placed(FILLERS[name][one], files)} for one in (0, at))
    given = SOURCES[plugin.modality]
    check({**given, "filler": first}, {**given, "filler": second})


@pytest.mark.parametrize(
    ("name", "params"), [("noise", {"field_seed": None}), ("neighbors", {}), ("series_noise", {"field_seed": None})]
)
def test_another_seed_of_a_random_filler(name, params):
    """What it shows is drawn anew, and so is asked anew."""
    given = {**SOURCES[known(name).modality], "filler": {"use": name, **params}}
    check(given, {**given, "seed": 1})


def test_another_file_under_the_same_name(files):
    """The content of a picture counts, not its name."""
    given = {**SOURCES["image"], "filler": {"use": "images", "paths": str(files / "changing.png")}}
    cache, spent = {}, []
    for name in ("one.png", "two.png", "one.png"):
        (files / "changing.png").write_bytes((files / name).read_bytes())
        rows, found = asked(cache, **given)
        np.testing.assert_array_equal(found, asked(None, **given)[1])
        spent.append(rows)
    assert spent[0] == spent[1] > spent[2] == 0


# --- other modalities


TEXTS = {
    "a letter": {"source": TEXT.replace("bad", "sad")},
    "each word by itself": {"segmenter": {"use": "words", "bag": False}},
    "sentences": {"source": f"Yes. {TEXT.title()}. So {TEXT}!", "segmenter": "sentences"},
    "filler": {"filler": "mask"},
}


@pytest.mark.parametrize("name", TEXTS)
def test_another_text(name):
    check({"source": TEXT, "filler": "delete"}, {"source": TEXT, "filler": "delete", **TEXTS[name]})


def other_series(**changed):
    return limefw.Series(**{"values": SERIES, "layout": "tc", **changed})


SERIESES = {
    "a value": {"source": other_series(values=SERIES + np.eye(40, 2) * 1e-12)},
    "type": {"source": other_series(values=SERIES.astype(np.float32))},
    "layout": {"source": other_series(layout="ct")},
    "windows": {"segmenter": {"use": "windows", "count": 7}},
    "channels apart": {"segmenter": {"use": "windows", "count": 6, "per_channel": True}},
    "filler": {"filler": "series_mean"},
}


@pytest.mark.parametrize("name", SERIESES)
@pytest.mark.parametrize("filler", ["series_neighbors", "series_noise"])
def test_another_series(name, filler):
    check({**SOURCES["series"], "filler": filler}, {**SOURCES["series"], "filler": filler, **SERIESES[name]})


def test_another_time_between_steps():
    """Lines between what is kept go by the time."""
    several = [other_series(times=times) for times in (np.arange(40.0), np.arange(40.0) ** 2)]
    check(*({**SOURCES["series"], "source": one, "filler": "series_neighbors"} for one in several))


def row(data=ROWS, number=3, **settings):
    return limefw.Table(data, **settings).row(number)


TABLES = {
    "row": {"source": row(number=4)},
    "another row of the background": {"source": row(np.where(np.arange(60)[:, None] == 50, 7.5, ROWS))},
    "type": {"source": row(ROWS.astype(np.float32))},
    "bins": {"segmenter": {"use": "bins", "discretizer": "decile"}},
    "filler": {"filler": "background_rows"},
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("sampler", ["lime_tabular", "bernoulli"])
def test_another_table(name, sampler):
    given = {"source": row(), "sampler": sampler, "seed": 3}
    check(given, {**given, **TABLES[name]}, differs=name in ("row", "type"))


def test_another_seed_of_a_table():
    check({"source": row()}, {"source": row(), "seed": 1}, differs=False)


def test_frames_of_other_types_and_categories():
    """What a model may tell apart, it is asked apart: a column's type and name, and categories that never occur."""
    pandas = pytest.importorskip("pandas")

    def frame(kind, name="colour"):
        colours = pandas.Series(["red", "blue", "green"] * 20, dtype=kind)
        return pandas.DataFrame({name: colours, "size": np.arange(60.0)})

    kinds = {
        "object": frame("object"),
        "category": frame(pandas.CategoricalDtype(["red", "blue", "green"])),
        "order": frame(pandas.CategoricalDtype(["blue", "green", "red"])),
        "ordered": frame(pandas.CategoricalDtype(["blue", "green", "red"], ordered=True)),
        "more": frame(pandas.CategoricalDtype(["blue", "green", "red", "white"])),
        "name": frame("object", "color"),
        "number": frame("object", 0),
        "text": frame("object", "0"),
        "int": frame("object").assign(size=range(60)),
    }
    prints = {name: limefw.Table(one).fingerprint() for name, one in kinds.items()}
    assert len(set(prints.values())) == len(kinds)
    assert prints["order"] == limefw.Table(kinds["order"].copy()).fingerprint()


def test_arrays_of_other_types():
    """Whole numbers, floats of either length and switches."""
    tables = [limefw.Table(ROWS.astype(kind)) for kind in (np.float64, np.float32, np.int64, np.int8)]
    assert len({table.fingerprint() for table in tables}) == 4


# --- the key itself


class Holding:
    """A composer of somebody else's, which says nothing of the instance."""

    def fingerprint(self):
        return ""

    def compose(self, draws):
        return draws.codes


class HoldingElse(Holding):
    pass


def test_a_composer_that_says_too_little():
    """The instance, its segments and the composer's own kind are in the key whatever it says."""
    model = limefw.model(seen, model_id="it")
    images = [limefw.Image(pixels, (0.0, 255.0)) for pixels in (PHOTO, OTHER)]
    labels = np.arange(16 * 20).reshape(16, 20)
    cuts = [limefw.Segments.from_labels(labels // most) for most in (50, 60)]
    several = {
        game_key(model, composer, image, segments)
        for composer in (Holding(), HoldingElse()) for image in images for segments in cuts
    }  # fmt: skip
    assert len(several) == 8
    assert {len(key) for key in several} == {GAME}
    assert game_key(model, Holding(), images[0], cuts[0]) in several
    assert game_key(limefw.model(seen), Holding(), images[0], cuts[0]) is None
    assert game_key(model, object(), images[0], cuts[0]) is None


def test_what_runs_the_model_and_limefw_are_in_the_key(monkeypatch):
    """Another version of either may round otherwise."""
    model = limefw.model(seen, model_id="it")
    keys = {game_key(model, Holding())}
    monkeypatch.setattr(limefw, "__version__", "99.0")
    keys.add(game_key(model, Holding()))
    monkeypatch.setattr("onnxruntime.__version__", "98.0")
    embedded = {game_key(limefw.model(), Holding())}
    monkeypatch.setattr("onnxruntime.__version__", "99.0")
    embedded.add(game_key(limefw.model(), Holding()))
    assert (len(keys), len(embedded)) == (2, 2)


ADAPTERS = {"onnx": "onnxruntime", "sklearn": "sklearn", "opencv_dnn": "cv2", "embedded": "onnxruntime"}


def test_adapters_say_what_runs_them(tmp_path):
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression().fit(ROWS, ROWS[:, 0] > 4)
    path = next(
        p for folder in sys.modules["limefw_plugins"].__path__ for p in _files(folder, "efficientnet_lite0.onnx")
    )
    models = {
        "onnx": limefw.model(path, use="onnx"), "opencv_dnn": limefw.model(path, use="opencv_dnn"),
        "embedded": limefw.model(), "sklearn": limefw.model(fitted),
    }  # fmt: skip
    for name, library in ADAPTERS.items():
        assert models[name].runtime == f"{name}: {library} {sys.modules[library].__version__}"


def _files(folder, name):
    from pathlib import Path

    return Path(folder).rglob(name)


def test_a_name_does_not_hide_settings():
    """Beside a model_id the adapter's settings and the file's own hash count."""
    from sklearn.linear_model import LogisticRegression

    first = limefw.model(seen, model_id="it")
    fitted = LogisticRegression().fit(ROWS, ROWS[:, 0] > 4)
    given = [
        first,
        *(limefw.model(fitted, model_id="it", use={"use": "sklearn", "method": how}) for how in get_args(Method)[1:]),
        limefw.model(seen, model_id="that"),
        limefw.model(None, model_id="it"),
        limefw.model(None, model_id="it", use={"use": "embedded", "runtime": "opencv"}),
        limefw.model(limefw.model(), model_id="that"),
    ]
    assert len({model.fingerprint for model in given}) == len(given)
    assert limefw.model(first).fingerprint == limefw.model(seen, model_id="it").fingerprint == first.fingerprint


def mine(values):
    return values


def test_code_of_ones_own_in_a_file_is_no_identity(tmp_path, monkeypatch):
    """The file stays the same when that code changes, so it has no fingerprint; a model_id gives it one."""
    joblib = pytest.importorskip("joblib")
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    def stored(first):
        path = tmp_path / "model.joblib"
        joblib.dump(make_pipeline(first, LogisticRegression()).fit(ROWS, ROWS[:, 0] > 4), path)
        return path

    assert limefw.model(stored(StandardScaler()), trust=True).fingerprint is not None
    assert limefw.model(stored(FunctionTransformer(np.log1p)), trust=True).fingerprint is not None
    # other tests have a module of that name
    monkeypatch.setitem(sys.modules, "mine", sys.modules[__name__])
    monkeypatch.setattr(mine, "__module__", "mine")
    path = stored(FunctionTransformer(mine))
    assert limefw.model(path, trust=True).fingerprint is None
    assert limefw.model(path, trust=True, model_id="it").fingerprint == "id:it"


def test_a_rows_key_says_what_its_values_are():
    """Equal bytes of "background" and "draw", of bits and amounts, are different keys."""
    bits, amounts = np.ones((2, 8), dtype=bool), np.ones((2, 8), dtype=np.float32)
    one = np.ones(2, dtype=np.uint64)
    several = [
        limefw.Draws(bits), limefw.Draws(bits[:, :7]), limefw.Draws(amounts), limefw.Draws(bits, {"draw": one}),
        limefw.Draws(bits, {"background": one}), limefw.Draws(bits, {"draw": one.astype(np.int64)}),
        limefw.Draws(bits, {"draw": one.view(np.uint32).reshape(2, 2)}),
    ]  # fmt: skip
    keys = [_row_keys(draws) for draws in several]
    assert all(first == second for first, second in keys)
    assert len({pair[0] for pair in keys}) == len(several)
    assert {len(key) for pair in keys for key in row_keys(b"k" * GAME, pair)} == {GAME + 16}
