"""What the plug-ins of each kind are called with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.comparison.result import Cell, Comparison, Side
from limefw.discovery import Registry
from limefw.errors import InputError
from limefw.evaluation.replay import Replay
from limefw.game import Game
from limefw.modalities.compose import PixelComposer
from limefw.modalities.frame import Frame
from limefw.modalities.image import Image
from limefw.modalities.series import Series, SeriesComposer
from limefw.modalities.table import Row, Table
from limefw.modalities.table_bins import Bins, RowComposer
from limefw.modalities.text import Text, TextComposer
from limefw.pipeline import Run
from limefw.recipe import Recipe
from limefw.results.explanation import Explanation
from limefw.stage import Plugin, Stage
from limefw.statistics import linear_fits
from limefw.studies.overview import Overview, overview
from limefw.testing._subject import Data, Subject
from limefw.types import Draws, Head, Instance, Model, Neighbourhood, Segments


def _image(height: int, width: int, channels: int, dtype: str, white: float) -> Image:
    row, column = np.indices((height, width))
    blobs = ((row // 12 * 3 + column // 16 * 5) % 7 / 8)[..., None] * np.linspace(1.0, 0.6, channels)
    noise = np.random.default_rng(7).uniform(0.0, 0.1, (height, width, channels))
    return Image(((blobs + noise) * white).astype(dtype), (0.0, white))


def images() -> dict[str, Image]:
    """Make the example images, by what they are: anew, as a wrong plug-in may have written to others."""
    return {
        "a uint8 RGB image of 48 x 64": _image(48, 64, 3, "uint8", 255.0),
        "a float32 grey image of 37 x 51": _image(37, 51, 1, "float32", 1.0),
        "a uint16 image of 41 x 63 with 5 channels": _image(41, 63, 5, "uint16", 65535.0),
        "a uint8 RGB image of 7 x 9": _image(7, 9, 3, "uint8", 255.0),
    }


def series() -> dict[str, Instance]:
    """Make the example series, by what they are."""
    rng, time = np.random.default_rng(11), np.arange(200)
    wave = np.sin(time / 9) + 2.0 * (time > 120) + 0.1 * rng.normal(size=200)
    three = np.stack([wave, 5.0 - 3.0 * wave, rng.normal(size=200).cumsum()], axis=1)[:150].astype(np.float32)
    return {
        "a float64 series of 200 steps": Series(wave),
        "a float32 series of 150 steps and 3 channels": Series(three, layout="ct", times=0.02 * time[:150], unit="s"),
        "an int16 series of 40 steps and 2 channels": Series((three[:40, :2] * 100).astype(np.int16)),
    }


def texts() -> dict[str, Instance]:
    """Make the example texts, by what they are."""
    return {
        "an English text": Text(
            "Not bad, not bad at all!\nThe acting is good; I don't like the 2.5 hours. A good film."
        ),
        "a Japanese text": Text("この映画は本当にいい。\n今日はいい天気ですね。"),
        "a text with emoji, markup and a right-to-left line": Text(
            "<b>caf\u0065\u0301</b> & 👨‍👩‍👧 🇩🇪 \x1b[0m\n\u05e1\u05e4\u05e8 \u05d8\u05d1 </script>"
        ),
    }


def rows() -> dict[str, Instance]:
    """Make the example rows of tables, by what they are."""
    rng = np.random.default_rng(13)
    wide = rng.normal(size=(90, 62)) * np.logspace(-3, 3, 62)
    mixed = np.stack([wide[:, 3], wide[:, 40].round(), rng.choice([1.0, 1.0, 2.0, 5.0], 90), *wide[:, 9:14].T], axis=1)
    mixed[1::7, 4] = np.nan
    table = Table(mixed, categorical=[2], labels=rng.integers(0, 2, 90), immutable=[7])
    return {
        "a row of 62 numbers": Table(wide, labels=wide[:, 5] > 0).row(4),
        "a row with categories, ties and columns where some are missing": table.row(0),
        "a row where a value is missing": table.row(8),
    }


EXAMPLES: Mapping[str, Callable[[], Mapping[str, Instance]]] = {
    "image": images, "series": series, "table": rows, "text": texts,
}  # fmt: skip
"""By modality: what makes the instances that plug-ins of it are called with."""


def split(instance: Instance, count: int, *, kept: bool = False) -> Segments:
    """Cut into `count` bands; with `kept` the first band is in no segment. Of a row the first columns are bins."""
    if isinstance(instance, Row):
        return _bins(instance, count)
    size = int(np.prod(instance.shape))
    labels = (np.arange(size) * (count + kept) // size - kept).reshape(instance.shape)
    return Segments(labels, tuple(f"band {index}" for index in range(count)))


def _bins(row: Row, count: int) -> Bins:
    """Return bins of a row, halves, with all columns but the first `count` kept."""
    halves = [() if feature.texts else np.nanmedian(pool)[None]
              for feature, pool in zip(row.background.features, row.background.pools, strict=True)]  # fmt: skip
    found = Bins.of(row, halves)
    return replace(found, labels=np.where(found.labels < count, found.labels, -1), names=found.names[:count])


def _draws(rows: int, width: int, *, soft: bool = False, paired: bool = False) -> Draws:
    """Draw the instance, the all-hidden row and coins."""
    shares = np.random.default_rng(3).random((rows, width)).astype(np.float32)
    codes = shares if soft else shares < 0.5
    codes[0], codes[1:2] = 1, 0
    return Draws(codes, groups=np.arange(rows) // 2 if paired else None)


def _around(rows: int, width: int, targets: int = 3, *, constant: bool = False, exhaustive: bool = False) -> Any:
    rng, draws = np.random.default_rng(5), _draws(rows, width, paired=not exhaustive and rows > 100)
    draws = Draws.join([draws])  # every row gets a group
    values = draws.codes @ rng.normal(size=(width, targets)) + 0.1 * rng.normal(size=(rows, targets))
    weights = rng.uniform(0.1, 1.0, rows)
    weights[-1] = 0.0
    return Neighbourhood(draws.codes, values * (not constant), weights, np.asarray(draws.groups), exhaustive)


def _mean_brightness(batch: NDArray[Any]) -> NDArray[Any]:
    """Stand in for a model: two probabilities."""
    share = batch.mean(axis=(1, 2, 3)) / (batch.max(axis=(1, 2, 3)) + 1.0)
    return np.stack([share, 1.0 - share], axis=1)


def _flat_brightness(batch: NDArray[Any]) -> NDArray[Any]:
    """Stand in for a model of series: two probabilities."""
    share = 0.5 + 0.5 * np.tanh(batch.reshape(len(batch), -1).mean(axis=1))
    return np.stack([share, 1.0 - share], axis=1)


_CALLS: Mapping[str, Callable[..., Any]] = {
    "segmenter": lambda instance, _rng, /: split(instance, 6),
    "sampler": lambda _instance, segments, budget, _rng, /: iter([_draws(budget, segments.count)]),
    "filler": lambda instance, segments, _rng, /: _composer(instance, segments),
    "target": lambda outputs, head, /: (columns := head.columns(outputs), head.names(columns.shape[1])),
    "kernel": lambda draws, _composer, /: np.ones(len(draws)),
    "selector": lambda around, _rng, /: [np.arange(around.codes.shape[1])] * around.targets.shape[1],
    "surrogate": lambda around, _rng, /: linear_fits(around, 0.1),
}
_NAMES = {"target": "probability"}
"""What a stage is, where something goes by it."""

STAGES = {
    key: Stage(f"{key}s", Plugin(_NAMES.get(key, key), call, summary="of the kit"), {}, True)
    for key, call in _CALLS.items()
}
_MODEL = Model(
    lambda batch: _mean_brightness(batch - batch.min(axis=(1, 2, 3), keepdims=True)), "brightness", ("light", "dark")
)


def _share_of_vowels(batch: Sequence[str]) -> NDArray[Any]:
    """Stand in for a model of texts: two probabilities."""
    share = np.array([(1 + sum(map(text.count, "aeiouいはל"))) / (2 + len(text)) for text in batch])
    return np.stack([share, 1.0 - share], axis=1)


def _mean_value(batch: NDArray[Any]) -> NDArray[Any]:
    """Stand in for a model of rows: two probabilities."""
    share = 0.5 + 0.5 * np.tanh(np.nan_to_num(batch)[:, :4].mean(axis=1))
    return np.stack([share, 1.0 - share], axis=1)


_MODELS = {
    "image": _MODEL,
    "table": Model(_mean_value, "mean", ("high", "low")),
    "series": Model(_flat_brightness, "brightness", ("light", "dark")),
    "text": Model(_share_of_vowels, "vowels", ("soft", "hard")),
}


_RECIPE = Recipe(STAGES, (), 60, 0, (0, 1))


def _models(modality: str, count: int) -> list[Model]:
    """Return a model for each of some examples: the last answers everything alike."""
    model = _MODELS[modality]
    constant = replace(model, predict=lambda batch: np.full((len(batch), 2), 0.5))
    return [model] * (count - 1) + [constant]


@cache
def _explanations(modality: str) -> dict[str, Explanation]:
    examples = EXAMPLES[modality]()
    nothing = Registry(installed=False)
    pairs = zip(examples.items(), _models(modality, len(examples)), strict=True)
    made = {f"an explanation of {name}": Run(_RECIPE, model, nothing).explain(item) for (name, item), model in pairs}
    return {name: _timeless(explanation) for name, explanation in made.items()}


def _timeless(explanation: Explanation) -> Explanation:
    """Return it without what differs from process to process: seconds, date, versions of what happens to be loaded."""
    seconds = dict.fromkeys(explanation.provenance["seconds"], 0.0)
    fixed = {"created": "2026-01-01T00:00:00+00:00", "seconds": seconds, "versions": {"limefw": "1.0"}}
    return replace(explanation, provenance={**explanation.provenance, **fixed})


def _composer(instance: Any, segments: Segments) -> Any:
    if isinstance(instance, Series):
        return SeriesComposer.of(instance, np.zeros(instance.shape), segments)
    if isinstance(instance, Text):
        return TextComposer.of(instance, segments)
    if isinstance(instance, Row):
        return RowComposer.of(instance, segments)
    return PixelComposer.of(instance, np.zeros_like(instance.pixels), segments)


def game() -> Game:
    """Make a game of 6 segments and two targets, 60 rows long."""
    photo = _image(48, 64, 3, "uint8", 255.0)
    cut = split(photo, 6)
    target = STAGES["target"]

    def play(segments: Segments) -> Game:
        composer = _composer(photo, segments)
        return Game(_MODEL, composer, target, (0, 1), 60, instance=photo, segments=segments, again=play)

    return play(cut)


def instances(s: Subject) -> Mapping[str, Instance]:
    """Return the caller's instance, else the example images."""
    if isinstance(s.source, Instance):
        return {"the source": s.source}
    modality = s.plugin.modality or "image"
    if modality not in EXAMPLES:
        raise InputError(f"the kit has no example of modality {modality!r}: give one as check_plugin's source")
    if modality != "image":
        return EXAMPLES[modality]()
    first, *others = images().items()
    mirrored = replace(first[1], pixels=first[1].pixels[:, ::-1].copy())  # who remembers by shape mistakes it
    return dict([first, (f"{first[0]}, mirrored", mirrored), *others])


def sources(s: Subject) -> dict[str, Data]:
    """Return what a reader or a model adapter is called with: the caller's source, else arrays that it accepts."""
    accepts = s.plugin.accepts or (lambda _: False)
    if s.source is not None or (s.stage.kind == "models" and accepts(None)):
        return {"the source": (s.source,)}
    arrays = _arrays(s.plugin.modality) if s.stage.kind == "readers" else {}
    return {name: data for name, data in arrays.items() if accepts(data[0])}


def _arrays(modality: str | None) -> dict[str, Data]:
    if modality == "series":
        return {name: (item.values,) for name, item in series().items() if isinstance(item, Series)}
    if modality == "text":
        return {name: (item.string,) for name, item in texts().items() if isinstance(item, Text)}
    return {name: (image.pixels,) for name, image in images().items()}


def sampling(s: Subject) -> dict[str, Data]:
    """Return few and many segments, with budgets from tiny to more than a block."""
    instance = next(iter(instances(s).values()))
    splits = [split(instance, count) for count in (2, 5, 60) if count <= np.prod(instance.shape)]
    return {f"{cut.count} segments and a budget of {n}": (instance, cut, n) for cut in splits for n in (2, 3, 64, 600)}


def weighing(_s: Subject) -> dict[str, Data]:
    """Return draws and composers for kernels."""
    photo, cases = _image(48, 64, 3, "uint8", 255.0), {}
    for count in (2, 5, 60):
        composer = _composer(photo, split(photo, count))
        cases[f"bool codes of {count} segments"] = (_draws(40, count), composer)
        cases[f"float32 codes of {count} segments"] = (_draws(40, count, soft=True), composer)
    return cases


def answers(_s: Subject) -> dict[str, Data]:
    """Return outputs of every kind of head."""
    rng, names = np.random.default_rng(2), ("a", "b", "c")
    scores = rng.normal(size=(9, 3)).astype(np.float32)
    shares = rng.dirichlet(np.ones(3), 9)
    return {
        "probabilities of 3 classes": (shares, Head("probabilities", names)),
        "logits of 3 classes": (scores, Head("logits")),
        "one sigmoid": (shares[:, 0], Head("sigmoid", ("no", "yes"))),
        "logits of 3 sigmoids": (scores, Head("sigmoid_logits", names)),
        "scores of 3 classes": (scores, Head("scores", names)),
        "values of a regressor": (scores[:, 0], Head("values")),
    }


def fitting(_s: Subject) -> dict[str, Data]:
    """Return neighbourhoods, easy and degenerate, for selectors and surrogates."""
    plain = _around(40, 6)
    return {
        "40 rows of 6 columns": (plain,),
        "300 rows in pairs, of 12 columns": (_around(300, 12),),
        "fewer rows than columns": (_around(5, 8),),
        "one column": (_around(30, 1, 1),),
        "constant targets": (_around(40, 6, 2, constant=True),),
        "an exhaustive neighbourhood": (_around(64, 6, exhaustive=True),),
        "targets between 0 and 1": (replace(plain, targets=0.5 + 0.5 * np.tanh(plain.targets)),),
    }


def explained(s: Subject) -> dict[str, Data]:
    """Return the caller's explanation, else one of every example image."""
    if isinstance(s.source, Explanation | Overview | Comparison):
        return {"the source": (s.source,)}
    if s.plugin.modality == "overview":
        every = list(_explanations("image").values())
        return {
            "an overview": (overview(every, by=lambda _, segment: f"part {segment}"),),
            "an overview of one label": (overview(every[:2], label=0, by=lambda _, segment: f"{segment}"),),
        }
    if s.plugin.modality == "comparison":
        return {f"a comparison on {modality} examples": (_comparison(modality),) for modality in EXAMPLES}
    modalities = [s.plugin.modality] if s.plugin.modality in EXAMPLES else list(EXAMPLES)
    return {name: (one,) for modality in modalities for name, one in _explanations(str(modality)).items()}


def _comparison(modality: str) -> Comparison:
    """Return two sides that say the same of every example with two seeds, and one that fails on the first."""
    every = list(_explanations(modality).values())
    sides = tuple(Side(name, name, "model", {"surrogate": {"use": name}}) for name in ("ridge", "lasso", "<b>tree</b>"))
    cells = [
        Cell(side, at, seed, seed, one, figures={"deletion.score": 0.5})
        if (side, at) != (2, 0)
        else Cell(side, at, seed, seed, failure="ModelError: </script> went wrong")
        for side in range(len(sides))
        for at, one in enumerate(every)
        for seed in range(2)
    ]
    spent = {"rows": 100.0, "calls": 4.0, "seconds": 1.0, "seconds_in_all": 2.0}
    made = Comparison(sides, tuple(f"example {at}" for at in range(len(every))), 2, tuple(cells), 5, spent)
    # what it computes once it is asked is found already: else asking would seem to change it
    made.to_mapping()
    return made


def judged(s: Subject) -> dict[str, Data]:
    """Return the caller's explanation, else those of the examples, each with its game taken up again, and a mask."""
    if isinstance(s.source, Explanation):
        return {"the source": (s.source, _replay(s.source, _stand_in(s.source)))}
    modalities = [s.plugin.modality] if s.plugin.modality in EXAMPLES else list(EXAMPLES)
    found: dict[str, Data] = {}
    for modality in map(str, modalities):
        made = _explanations(modality)
        for (name, one), model in zip(made.items(), _models(modality, len(made)), strict=True):
            found[name] = (one, _replay(one, model))
    return found


def _replay(explanation: Explanation, model: Model) -> Replay:
    """Return the game of an explanation; the mask is the first third of its places."""
    shape = explanation.instance.shape
    size = int(np.prod(shape))
    mask = (np.arange(size) < max(1, size // 3)).reshape(shape)
    return Replay(explanation, _RECIPE, model, Registry(installed=False), mask, strict=False)


def _stand_in(explanation: Explanation) -> Model:
    """Return a model with as many answers as an explanation that the caller brought has labels for."""
    model, width = _MODELS[explanation.instance.modality], max(explanation.labels) + 1
    return Model(lambda batch: np.repeat(model.predict(batch)[:, :1], width, axis=1) / width, "stand-in")


def model_batch(model: Model) -> Any:
    """Compose 7 inputs as the model's contract wants them; of texts some words, of tables the rows of one."""
    if model.modality == "text":
        return [" ".join(["a", "good", "film", "and", "so", "on", "again"][: at + 1]) for at in range(7)]
    if model.modality == "table":
        first = next(iter(rows().values()))
        assert isinstance(first, Row)
        assert first.background.encoded is not None
        return first.background.frame(first.background.encoded[:7])
    image = _image(48, 64, model.contract.channels or 3, "uint8", 255.0)
    framed = Frame.fit(image, model.contract).enter(image)
    composer = _composer(framed, split(framed, 5))
    return composer.prepared(model.contract).compose(_draws(7, 5))


def composed(composer: Any, data: Data) -> tuple[Draws, Any]:
    """Return 7 draws of a filler's example, the first with nothing hidden and the second with all, and the inputs."""
    draws = _draws(7, data[1].count)
    if getattr(composer, "random", False):
        draws = replace(draws, values={"draw": np.arange(7, dtype=np.uint64) * 2**60})
    return draws, composer.compose(draws)
