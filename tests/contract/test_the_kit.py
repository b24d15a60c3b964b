"""The conformance kit catches a wrong plug-in, and says for which reason."""

import os
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pytest
from annotated_types import Ge, Le

from limefw.errors import InputError, RecipeError, UnknownPluginError
from limefw.modalities.compose import PixelComposer
from limefw.modalities.image import Image
from limefw.stage import Plugin
from limefw.statistics import linear_fits
from limefw.testing import ConformanceError, check_plugin
from limefw.types import Contract, Draws, Fit, Model, Rendering, Segments


def failures(kind, call, /, **options):
    """Return {check: sentences} for a plug-in that must fail."""
    with pytest.raises(ConformanceError) as caught:
        check_plugin(kind, Plugin("wrong", call), **options)
    assert all(f"- {check}: " in str(caught.value) for check in caught.value.failed)
    return caught.value.failed


# ---- plug-ins as they should be


def halves(image: Image, _rng: Any, /, *, vertical: bool = True) -> Segments:
    """Two halves of the picture."""
    row, column = np.indices(image.shape)
    return Segments.from_labels(column * 2 // image.shape[1] if vertical else row * 2 // image.shape[0])


def test_a_good_segmenter_passes_every_check():
    report = check_plugin("segmenters", Plugin("halves", halves, modality="image"))
    assert report.summary == (
        "segmenter halves: 14 checks passed; "
        "not checked: light import, another process, requires, side effects (it lives in a test)"
    )
    assert report.checks == (
        "summary", "signature", "annotations", "defaults", "bad parameters", "picklable", "contract",
        "inputs untouched", "deterministic", "global random state", "global settings", "every choice",
        "ends of ranges", "well formed",
    )  # fmt: skip


def test_a_plug_in_that_leaves_is_told():
    """SystemExit would end the check without a word, and with exit code 0."""

    def leaves(_image: Image, _rng: Any, /) -> Segments:
        """None."""
        sys.exit(0)

    assert any("tried to end the process" in sentence for sentence in failures("segmenters", leaves)["contract"])


def only_large(image: Image, rng: Any, /) -> Segments:
    """Two halves, of images that are not tiny."""
    if min(image.shape) < 10:
        raise InputError("the image is too small: give at least 10 x 10 pixels")
    return halves(image, rng)


def test_an_input_may_be_refused_with_inputerror():
    check_plugin("segmenters", Plugin("only_large", only_large))


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    modality: ClassVar[str] = "speech"
    string: str
    name: str = "speech"

    @property
    def shape(self):
        return (len(self.string),)

    def fingerprint(self):
        return self.string


def words(text: Speech, _rng: Any, /) -> Segments:
    """One segment for each word."""
    return Segments.from_labels(np.cumsum([letter == " " for letter in text.string]))


def test_another_modality_is_checked_on_the_callers_instance():
    plugin = Plugin("words", words, modality="speech")
    assert "contract" in check_plugin("segmenters", plugin, source=Speech("so it goes")).checks
    with pytest.raises(ConformanceError, match="no example of modality 'speech': give one as check_plugin's source"):
        check_plugin("segmenters", plugin)


def constant_method(game: Any, stages: Any, budget: Any, rng: Any, /) -> list[Fit]:
    """Fit nothing, having asked for a few rows."""
    width = game.segments.count
    assert game.instance.shape == game.segments.labels.shape
    codes = rng.random((budget.rows, width)) < 0.5
    codes[0] = True
    first = game(Draws(codes))[0]
    return [Fit(np.zeros(width), float(value), 0.0, float(value)) for value in first]


def rows_spent(explanation: Any, game: Any, _rng: Any, /) -> dict[str, float]:
    """How many rows the explanation took, and what the game says of its instance."""
    answer = game(Draws(explanation.neighbourhood.codes[:1]))
    return {"rows": len(explanation.neighbourhood), "answer": float(answer[0, 0])}


def test_methods_and_metrics_play_a_fresh_game_at_every_call():
    assert "deterministic" in check_plugin("methods", Plugin("constant", constant_method)).checks
    assert "deterministic" in check_plugin("metrics", Plugin("rows", rows_spent)).checks


def asks_for_everything(explanation: Any, game: Any, rng: Any, /) -> dict[str, float]:
    """What a game of a metric has to offer beside its answers."""
    codes = rng.random((3, explanation.segments.count)) < 0.5
    other, (draws, targets, weights) = game.again(1), game.fresh(9, rng)
    shown, through = game.shown(codes), game.through(game.composer)(codes)
    sums = {"mask": game.mask, "shown": shown, "through": through, "other": other.effects()}
    return {**{name: float(item.sum()) for name, item in sums.items()}, "fresh": weights @ targets[:, 0] / len(draws)}


def test_metrics_are_given_masks_and_other_seeds_of_every_modality():
    import limefw

    plugin = Plugin("everything", asks_for_everything, needs=("mask",))
    assert "deterministic" in check_plugin("metrics", plugin).checks
    pixels = np.random.default_rng(0).integers(0, 256, (20, 24, 3), dtype=np.uint8)
    grid = {"segmenter": {"use": "grid", "rows": 2, "columns": 5}, "samples": 60}
    own = limefw.explain(pixels, lambda batch: batch[:, :4, :4, :].mean(axis=(1, 2)) / 255, labels=[2, 0], **grid)
    assert "deterministic" in check_plugin("metrics", plugin, source=own).checks


spent_before: list[float] = []


def remembering(explanation: Any, game: Any, _rng: Any, /) -> dict[str, float]:
    """How often it was called before."""
    game.shown(explanation.neighbourhood.codes)
    spent_before.append(game.spent["rows"])
    return {"calls": len(spent_before)}


def test_a_metric_that_remembers_is_caught():
    assert "two calls with one seed differ" in failures("metrics", remembering)["deterministic"][0]


# ---- the function itself


def silent(image: Image, rng: Any, /) -> Segments:
    return halves(image, rng)


def catch_all(image: Image, rng: Any, /, **settings: Any) -> Segments:
    """Halves."""
    return halves(image, rng, **settings)


def no_slash(image: Image, rng: Any, *, vertical: bool = True) -> Segments:
    """Halves."""
    return halves(image, rng, vertical=vertical)


def no_rng(image: Image, /) -> Segments:
    """Halves."""
    return halves(image, None)


def bare(image: Image, rng: Any, /, *, vertical=True) -> Segments:
    """Halves."""
    return halves(image, rng, vertical=vertical)


def bad_default(image: Image, rng: Any, /, *, parts: Annotated[int, Ge(2), Le(5)] = 9) -> Segments:
    """Halves."""
    return halves(image, rng)


def no_default(image: Image, rng: Any, /, *, parts: Annotated[int, Ge(2)]) -> Segments:
    """Halves."""
    return halves(image, rng)


def anything(image: Image, rng: Any, /, *, parts: Any = 2) -> Segments:
    """Halves."""
    return halves(image, rng)


def boundless(image: Image, rng: Any, /, *, parts: int = 2, blur: float | None = None) -> Segments:
    """Halves."""
    return halves(image, rng)


def fails_at_its_end(image: Image, rng: Any, /, *, parts: Annotated[int, Ge(0), Le(9)] = 2) -> Segments:
    """Bands."""
    return Segments.from_labels(np.indices(image.shape)[1] * parts // image.shape[1] + 5 // parts)


@pytest.mark.parametrize(
    ("call", "check", "sentence"),
    [
        (silent, "summary", "write a docstring"),
        (boundless, "bad parameters", "'parts' has no range: say which numbers make sense, e.g. Annotated[int, Ge(1)]"),
        (fails_at_its_end, "ends of ranges", "with parts=0: it raised ZeroDivisionError"),
        (catch_all, "signature", "**settings"),
        (no_slash, "signature", "its data arguments are (image, rng): write (instance, rng, /"),
        (no_rng, "signature", "its data arguments are (image): write (instance, rng, /"),
        (bare, "annotations", "'vertical' has no type: write"),
        (bad_default, "defaults", "'parts' must be less than or equal to 5, got 9"),
        (anything, "bad parameters", "'parts' takes anything"),
        (lambda image, rng, /: halves(image, rng), "picklable", "use functions of a module"),
    ],
)
def test_a_badly_written_function_is_caught(call, check, sentence):
    assert sentence in failures("segmenters", call)[check][0]


def test_every_number_without_a_range_is_told():
    assert len(failures("segmenters", boundless)["bad parameters"]) == 2


def test_what_it_accepts_is_asked_of_anything():
    def pixels(source: Any, /) -> Image:
        """Pixels."""
        return Image(source, (0, 255))

    with pytest.raises(ConformanceError) as caught:
        check_plugin("readers", Plugin("wrong", pixels, accepts=lambda source: source.startswith("x")))
    assert "accepts raises AttributeError at NoneType" in caught.value.failed["accepts"][0]


def test_a_parameter_without_a_default_must_be_given():
    with pytest.raises(ConformanceError, match="'parts' has no default"):
        check_plugin("segmenters", Plugin("wrong", no_default))
    assert "defaults" in check_plugin("segmenters", Plugin("right", no_default), params={"parts": 3}).checks


# ---- what it does with data and chance


def gapped(image: Image, _rng: Any, /) -> Segments:
    """Halves numbered 0 and 2."""
    return Segments(np.indices(image.shape)[1] * 2 // image.shape[1] * 2, ("left", "middle", "right"))


def random_by_numpy(image: Image, _rng: Any, /) -> Segments:
    """Halves of a noisy picture."""
    return Segments.from_labels(np.random.rand(*image.shape) < 0.5)  # noqa: NPY002 - the fault


def random_by_python(image: Image, _rng: Any, /) -> Segments:
    """Halves at a place that Python's global generator says."""
    return Segments.from_labels(np.indices(image.shape)[1] < random.randint(1, image.shape[1] - 1))


def random_by_torch(image: Image, _rng: Any, /) -> Segments:
    """Halves at a place that torch's global generator says."""
    generator = sys.modules["torch"].random.default_generator
    return Segments.from_labels(np.indices(image.shape)[1] <= generator.integers(image.shape[1] - 2))


def by_turns(image: Image, _rng: Any, /) -> Segments:
    """Cuts at another place each time."""
    TURNS.append(1)
    return Segments.from_labels(np.indices(image.shape)[1] < 1 + len(TURNS) % 3)


TURNS = []


def as_floats(image: Image, _rng: Any, /) -> Segments:
    """Labels that are no integers."""
    return Segments(np.indices(image.shape)[1] * 2 // image.shape[1] * 1.0, ("left", "right"))


def transposed(image: Image, _rng: Any, /) -> Segments:
    """Labels of another shape."""
    return Segments.from_labels(np.indices(image.shape[::-1])[1] * 2 // image.shape[0])


def namesakes(image: Image, rng: Any, /) -> Segments:
    """Two segments of one name."""
    return replace(halves(image, rng), names=("half", "half"))


def oversoft(image: Image, rng: Any, /) -> Segments:
    """Shares that are no shares."""
    cut = halves(image, rng)
    return replace(cut, basis=np.stack([cut.labels == 0, cut.labels == 1]).astype(np.float32) * 2)


def orphaned(image: Image, rng: Any, /) -> Segments:
    """A parent for one of two."""
    return replace(halves(image, rng), parents=np.array([0]))


def hushing(image: Image, rng: Any, /) -> Segments:
    """Switches numpy's warnings off for everyone."""
    np.seterr(all="ignore")
    return halves(image, rng)


def moving_house(image: Image, rng: Any, /) -> Segments:
    """Changes the working folder."""
    os.chdir("..")
    return halves(image, rng)


def repainting(image: Image, rng: Any, /) -> Segments:
    """Sets a colour for all figures to come."""
    import matplotlib as mpl

    mpl.rcParams["text.color"] = "red"
    return halves(image, rng)


def random_in_secret(image: Image, _rng: Any, /) -> Segments:
    """Reads numpy's global state and puts it back."""
    state = np.random.get_state()  # noqa: NPY002 - the fault
    labels = np.random.rand(*image.shape) < 0.5  # noqa: NPY002
    np.random.set_state(state)  # noqa: NPY002
    return Segments.from_labels(labels)


def unseeded(image: Image, _rng: Any, /) -> Segments:
    """Takes a generator of its own."""
    return Segments.from_labels(np.random.default_rng().random(image.shape) < 0.5)


def unseeded_twice(image: Image, rng: Any, /) -> Segments:
    """Takes a generator of its own, and numpy's too."""
    np.random.rand()  # noqa: NPY002 - the other fault
    return unseeded(image, rng)


def scribbling(image: Image, rng: Any, /) -> Segments:
    """Normalises in place."""
    image.pixels[...] = image.pixels // 2
    return halves(image, rng)


def unlocking(image: Image, rng: Any, /) -> Segments:
    """Writes where it can."""
    if image.pixels.flags.writeable:
        image.pixels[0] = 0
    return halves(image, rng)


def valueerror(image: Image, rng: Any, /) -> Segments:
    """Refuses in the wrong way."""
    if image.channels != 3:
        raise ValueError("three channels only")
    return halves(image, rng)


def refuses_all(image: Image, rng: Any, /) -> Segments:
    """Takes nothing."""
    raise InputError("not today")


def broken_choice(image: Image, rng: Any, /, *, mode: Literal["plain", "fancy"] = "plain") -> Segments:
    """Never tried with "fancy"."""
    return halves(image, rng) if mode == "plain" else None


@pytest.mark.parametrize(
    ("call", "checks", "sentence"),
    [
        (gapped, {"contract"}, "2 labels from 0 to 2, expected labels 0..2 without gaps"),
        (random_by_numpy, {"deterministic", "global random state"}, "it moved a global random state"),
        (random_by_python, {"deterministic", "global random state"}, "the result depends on a global random state"),
        (by_turns, {"deterministic"}, "two calls with one seed differ"),
        (as_floats, {"contract"}, "returned labels of dtype float64, expected integer labels"),
        (transposed, {"contract"}, "expected labels of shape (48, 64)"),
        (namesakes, {"well formed"}, "its segments need names that are text and all differ"),
        (oversoft, {"well formed"}, "basis holds shares"),
        (orphaned, {"well formed"}, "parents are 2 numbers"),
        (hushing, {"global settings"}, "it changed numpy's error handling for the whole process"),
        (repainting, {"global settings"}, "it changed matplotlib's rcParams for the whole process"),
        (moving_house, {"global settings"}, "it changed the working folder for the whole process"),
        (random_in_secret, {"deterministic"}, "the result depends on a global random state"),
        (unseeded, {"deterministic"}, "two calls with one seed differ"),
        (unseeded_twice, {"deterministic", "global random state"}, "two calls with one seed differ"),
        (scribbling, {"contract", "inputs untouched"}, "it changed what it was given"),
        (unlocking, {"inputs untouched"}, "Copy an array before writing to it"),
        (valueerror, {"contract"}, "it raised ValueError: three channels only"),
        (refuses_all, {"contract"}, "it refused every example, the last with: not today"),
        (broken_choice, {"every choice"}, "with mode='fancy': segmenter wrong(mode='fancy') returned NoneType"),
    ],
)
def test_a_segmenter_is_caught_for_its_own_reason(call, checks, sentence, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    failed = failures("segmenters", call)
    assert set(failed) == checks
    assert any(sentence in text for texts in failed.values() for text in texts)


class Torch:
    """Stands in for the library: one global generator."""

    def __init__(self):
        self.random = self
        self.default_generator = self
        self.manual_seed(0)

    def manual_seed(self, seed):
        self.state = np.array([seed], dtype=np.int64)

    def integers(self, most):
        self.state = (self.state * 75 + 74) % 65537
        return int(self.state[0] % most)

    def get_rng_state(self):
        kept = self.state.copy()
        return type("Tensor", (), {"numpy": lambda _: kept})()

    def set_rng_state(self, state):
        self.state = state.numpy()


def test_torchs_global_generator_is_watched_where_torch_is_loaded(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", Torch())
    failed = failures("segmenters", random_by_torch)
    assert set(failed) == {"deterministic", "global random state"}
    assert "the result depends on a global random state" in failed["deterministic"][0]
    check_plugin("segmenters", Plugin("halves", halves))


def test_everything_wrong_is_told_at_once_and_harms_no_later_check():
    def awful(image, _rng, *, parts: Annotated[int, Ge(2)] = 1, **rest):
        if image.pixels.base is not None:
            image.pixels.base[...] = 0
        return Segments.from_labels(np.random.rand(*image.shape) < 0.5)  # noqa: NPY002 - the fault

    failed = failures("segmenters", awful)
    assert {"summary", "signature", "picklable", "inputs untouched", "global random state"} <= set(failed)
    check_plugin("segmenters", "slic")


# ---- samplers


def coins(segments, rows, rng):
    codes = rng.random((rows, segments.count)) < 0.5
    codes[0] = True
    return codes


def short_codes(_instance: Any, segments: Segments, budget: int, rng: Any, /) -> Iterator[Draws]:
    """Codes of float16."""
    yield Draws(coins(segments, budget, rng).astype(np.float16))


def greedy(_instance: Any, segments: Segments, budget: int, rng: Any, /) -> Iterator[Draws]:
    """Always whole blocks of 256."""
    for start in range(0, budget, 256):
        yield Draws(coins(segments, 256, rng), groups=np.arange(start, start + 256))


def headless(_instance: Any, segments: Segments, budget: int, rng: Any, /) -> Iterator[Draws]:
    """Forgets the instance."""
    codes = coins(segments, budget, rng)
    codes[0, 0] = False
    yield Draws(codes)


def regrouped(_instance: Any, segments: Segments, budget: int, rng: Any, /) -> Iterator[Draws]:
    """Two blocks with the same groups."""
    for rows in (budget - budget // 2, budget // 2):
        yield Draws(coins(segments, rows, rng), groups=np.arange(rows))


def groupless(_instance: Any, segments: Segments, budget: int, rng: Any, /) -> Iterator[Draws]:
    """Two blocks of rows that are each alone."""
    for rows in (budget - budget // 2, budget // 2):
        yield Draws(coins(segments, rows, rng))


def test_rows_without_groups_may_come_in_any_number_of_blocks():
    assert "groups" in check_plugin("samplers", Plugin("groupless", groupless)).checks


def stubborn(_instance: Any, segments: Segments, budget: int, _rng: Any, /) -> Iterator[Draws]:
    """The same draws whatever the seed."""
    yield Draws(coins(segments, budget, np.random.default_rng(0)))


def too_wide(_instance: Any, segments: Segments, budget: int, rng: Any, /) -> Iterator[Draws]:
    """A column too many."""
    codes = coins(segments, budget, rng)
    yield Draws(np.concatenate([codes[:, :1], codes], axis=1))


def sure_of_itself(_instance: Any, segments: Segments, budget: int, rng: Any, /) -> Iterator[Draws]:
    """Says that nothing was left to chance."""
    yield Draws(coins(segments, budget, rng), exhaustive=True)


def uncounted(_instance: Any, segments: Segments, budget: int, rng: Any, /) -> Iterator[Draws]:
    """Groups for all rows but one."""
    yield Draws(coins(segments, budget, rng), groups=np.arange(budget - 1))


def minus(_instance: Any, segments: Segments, budget: int, rng: Any, /) -> Iterator[Draws]:
    """Importance below zero."""
    yield Draws(coins(segments, budget, rng), importance=np.full(budget, -1.0))


def clouded(_instance: Any, segments: Segments, budget: int, rng: Any, /) -> Iterator[Draws]:
    """Codes that are not a number."""
    codes = coins(segments, budget, rng).astype(np.float32)
    codes[1:2] = np.nan
    yield Draws(codes)


@pytest.mark.parametrize(
    ("call", "check", "sentence"),
    [
        (sure_of_itself, "seeds", "it says exhaustive=True, and two seeds draw otherwise"),
        (uncounted, "contract", "returned 1, expected 2 groups"),
        (minus, "contract", "negative or non-finite importance"),
        (clouded, "contract", "NaN or infinite codes"),
        (short_codes, "contract", "returned float16, expected codes of dtype bool, float32 or float64"),
        (greedy, "budget", "given 2 segments and a budget of 2: it drew 256 rows"),
        (headless, "first row", "Set codes[0] = True"),
        (regrouped, "groups", "block 1 numbers its groups from 0 again"),
        (stubborn, "seeds", "two seeds draw the same"),
        (too_wide, "contract", "expected codes of shape (n, 2)"),
    ],
)
def test_a_sampler_is_caught_for_its_own_reason(call, check, sentence):
    failed = failures("samplers", call)
    assert set(failed) == {check}
    assert sentence in failed[check][0]


# ---- fillers, kernels, targets


@dataclass(frozen=True, slots=True, eq=False)
class Smearing:
    """Hidden pixels show the mean of the chunk."""

    plain: PixelComposer

    def compose(self, draws):
        made = self.plain.compose(draws)
        return np.where(made == 0, made.mean(), made).astype(made.dtype)


def smearing(image: Image, segments: Segments, _rng: Any, /) -> Smearing:
    """Depends on the chunk."""
    return Smearing(PixelComposer.of(image, np.zeros_like(image.pixels), segments))


def covering(image: Image, segments: Segments, _rng: Any, /) -> PixelComposer:
    """Hides what is in no segment, too."""
    every = Segments(np.maximum(segments.labels, 0), segments.names)
    return PixelComposer.of(image, np.zeros_like(image.pixels), every)


def dimming(image: Image, segments: Segments, _rng: Any, /) -> PixelComposer:
    """Shows a darker instance."""
    dark = replace(image, pixels=(image.pixels / 2).astype(image.pixels.dtype))
    return PixelComposer.of(dark, image.pixels, segments)


def torn(image: Image, segments: Segments, _rng: Any, /) -> PixelComposer:
    """Divides nothing by nothing."""
    return PixelComposer.of(image, np.full(image.pixels.shape, np.nan), segments)


def crowded(draws: Draws, _composer: Any, /) -> np.ndarray:
    """Weighs a row by its distance to the mean row."""
    return 1.0 + np.abs(draws.codes - draws.codes.mean(axis=0)).sum(axis=1)


def ranked(draws: Draws, _composer: Any, /) -> np.ndarray:
    """Weighs a row by its place."""
    return 1.0 / (1.0 + np.arange(len(draws)))


def negative(draws: Draws, _composer: Any, /) -> np.ndarray:
    """Below zero."""
    return draws.codes.mean(axis=1) - 0.5


def nowhere(draws: Draws, _composer: Any, /) -> np.ndarray:
    """Not a number."""
    return draws.codes.mean(axis=1) * np.nan


def blind(outputs: Any, head: Any, /) -> Any:
    """Not a number."""
    values = head.columns(outputs)
    return values * np.nan, head.names(values.shape[1])


class Keyed:
    """A composer whose keys are those that it is given."""

    def __init__(self, image, segments, keys):
        self.composer, self.keys = PixelComposer.of(image, np.zeros_like(image.pixels), segments), keys

    def compose(self, draws):
        return self.composer.compose(draws)


def careless(image: Any, segments: Any, _rng: Any, /) -> Any:
    """One key for whatever is shown."""
    return Keyed(image, segments, lambda draws: [b"same"] * len(draws))


def numbering(image: Any, segments: Any, _rng: Any, /) -> Any:
    """Keys by place in the block."""
    return Keyed(image, segments, lambda draws: [bytes([at]) for at in range(len(draws))])


def keyless(image: Any, segments: Any, _rng: Any, /) -> Any:
    """Too few keys."""
    return Keyed(image, segments, lambda draws: [b""] * (len(draws) - 1))


def softmax_of_batch(outputs: Any, head: Any, /) -> Any:
    """Normalises over the chunk."""
    values = head.columns(outputs)
    return values / np.abs(values).max(), head.names(values.shape[1])


@pytest.mark.parametrize(
    ("kind", "call", "checks", "sentence"),
    [
        ("fillers", smearing, {"row by row", "shows what is kept"}, "differ when made alone"),
        ("fillers", covering, {"shows what is kept"}, "in no segment (label -1)"),
        ("fillers", torn, {"contract"}, "background holds NaN or infinity"),
        ("fillers", dimming, {"shows what is kept"}, "with nothing hidden it shows something other"),
        ("fillers", careless, {"keys"}, "rows that differ have one key"),
        ("fillers", numbering, {"keys"}, "a row's key differs when asked for alone"),
        ("fillers", keyless, {"keys"}, "keys(draws) must be a list of bytes, one for each of 7 rows"),
        ("kernels", crowded, {"rows alone"}, "fewer rows weigh differently"),
        ("kernels", ranked, {"rows alone"}, "the rows in another order weigh differently"),
        ("kernels", negative, {"contract"}, "expected finite weights >= 0"),
        ("kernels", nowhere, {"contract"}, "expected finite weights >= 0"),
        ("targets", blind, {"contract"}, "expected finite values"),
        ("targets", softmax_of_batch, {"row by row"}, "Each row must depend on itself alone"),
    ],
)
def test_what_depends_on_its_neighbours_is_caught(kind, call, checks, sentence):
    failed = failures(kind, call)
    assert set(failed) == checks
    assert any(sentence in text for texts in failed.values() for text in texts)


# ---- models, selectors, surrogates


def brightness(batch):
    return np.stack([batch.mean(axis=(1, 2, 3)), batch.std(axis=(1, 2, 3))], axis=1)


def normalising(source: Any, /) -> Model:
    """Normalises over the batch."""
    return Model(lambda batch: source(batch - batch.mean()))


def recycling(source: Any, /) -> Model:
    """Returns one array again and again."""
    kept = np.empty((64, 2))

    def predict(batch):
        kept[: len(batch)] = source(batch)
        return kept[: len(batch)]

    return Model(predict)


def in_place(source: Any, /) -> Model:
    """Writes into its batch."""

    def predict(batch):
        made = source(batch)
        batch[...] = 0
        return made

    return Model(predict, contract=Contract(value_range=(0.0, 1.0), layout="NCHW"))


def one_short(source: Any, /) -> Model:
    """Loses a row."""
    return Model(lambda batch: source(batch)[1:])


@pytest.mark.parametrize(
    ("call", "check", "sentence"),
    [
        (normalising, "chunks", "predicting 1 at a time differs from all at once"),
        (recycling, "chunks", "Return a new array"),
        (in_place, "chunks", "predict writes into its batch"),
        (one_short, "contract", "returned 6 rows for 7 inputs"),
    ],
)
def test_a_model_adapter_is_caught_for_its_own_reason(call, check, sentence):
    failed = failures("models", call, source=brightness)
    assert sentence in failed[check][0]


def test_without_a_source_a_model_adapter_is_only_read():
    report = check_plugin("models", Plugin("short", one_short))
    assert "chunks (no source was given)" in report.skipped
    assert "contract" not in report.checks


def twice(around: Any, _rng: Any, /) -> list[np.ndarray]:
    """A column twice."""
    return [np.array([0, 0])] * around.targets.shape[1]


def by_the_first(around: Any, _rng: Any, /) -> list[np.ndarray]:
    """All targets get the column that suits the first."""
    best = int(np.argmax(np.abs(around.codes.T @ (around.targets[:, 0] * around.weights))))
    return [np.array([best])] * around.targets.shape[1]


def boastful(around: Any, _rng: Any, /) -> list[Fit]:
    """Claims another local prediction than it has."""
    return [replace(fit, local_prediction=fit.local_prediction + 1e-6) for fit in linear_fits(around, 1.0)]


def inverted(around: Any, _rng: Any, /) -> list[Fit]:
    """A tree of one question, with the wrong sign."""
    nodes = {
        "form": "tree",
        "feature": np.array([0, -1, -1]),
        "threshold": np.array([0.5, 0.0, 0.0]),
        "left": np.array([1, -1, -1]),
        "right": np.array([2, -1, -1]),
        "value": np.array([0.0, 1.0, 3.0]),
    }
    effects = np.zeros(around.codes.shape[1])
    effects[0] = -2.0
    return [Fit(effects, 1.0, 0.0, 3.0, detail=nodes)] * around.targets.shape[1]


def not_a_number(around: Any, _rng: Any, /) -> list[Fit]:
    """NaN effects."""
    return [replace(fit, effects=fit.effects * np.nan) for fit in linear_fits(around, 1.0)]


def pooled(around: Any, _rng: Any, /) -> list[Fit]:
    """Fits every target to the mean of all."""
    mean = np.repeat(around.targets.mean(axis=1, keepdims=True), around.targets.shape[1], axis=1)
    return linear_fits(replace(around, targets=mean), 1.0)


def pooled_and_says_so(around: Any, rng: Any, /) -> list[Fit]:
    """Fits every target to the mean of all, and tells."""
    return [replace(fit, detail={"joint": len(fits)}) for fits in [pooled(around, rng)] for fit in fits]


def secretive(around: Any, _rng: Any, /) -> list[Fit]:
    """Keeps in its detail what no file holds."""
    return [replace(fit, detail={"rule": {1, 2, 3}}) for fit in linear_fits(around, 1.0)]


class Shifted(Fit):
    """A fit with a rule of its own, which no file knows."""


def unsaved(around: Any, _rng: Any, /) -> list[Fit]:
    """Returns a class of its own."""
    return [Shifted(fit.effects, fit.intercept, fit.score, fit.local_prediction) for fit in linear_fits(around, 1.0)]


@pytest.mark.parametrize(
    ("kind", "call", "check", "sentence"),
    [
        ("selectors", twice, "contract", "expected distinct columns"),
        ("selectors", by_the_first, "one by one", "target 1 comes out differently"),
        ("surrogates", boastful, "predict", "local_prediction is"),
        ("surrogates", inverted, "predict", "effects is [-2."),
        ("surrogates", not_a_number, "contract", "NaN or infinity, expected finite effects"),
        ("surrogates", pooled, "one by one", "target 0 comes out differently"),
        ("surrogates", secretive, "saved and loaded", "set"),
        ("surrogates", unsaved, "saved and loaded", "Shifted"),
    ],
)
def test_a_selector_or_surrogate_is_caught_for_its_own_reason(kind, call, check, sentence):
    failed = failures(kind, call)
    assert set(failed) == ({"contract", "predict"} if call is not_a_number else {check})
    assert sentence in failed[check][0]


def test_a_surrogate_of_all_targets_together_says_so():
    """One model for all labels is no fault where its detail holds "joint"."""
    assert "one by one" in failures("surrogates", pooled)
    assert "one by one" in check_plugin("surrogates", Plugin("pooled", pooled_and_says_so)).checks


# ---- renderers


def stamped(explanation: Any, /) -> Rendering:
    """Says when."""
    return Rendering(f"{explanation.names} at {time.perf_counter_ns()}", "text/plain", ".txt")


def shapeless(_explanation: Any, /) -> Rendering:
    """No media type."""
    return Rendering("text", "text", ".txt")


def left_open(explanation: Any, /) -> Rendering:
    """A pyplot figure that nobody closes."""
    from matplotlib import pyplot as plt

    figure = plt.figure()
    return Rendering(repr(explanation), "text/plain", ".txt", figure)


@pytest.mark.parametrize(
    ("call", "check", "sentence"),
    [
        (stamped, "deterministic", "two calls with one seed differ"),
        (shapeless, "contract", "expected bytes or text and 'type/subtype'"),
        (left_open, "open figures", "it leaves a pyplot figure open"),
    ],
)
def test_a_renderer_is_caught_for_its_own_reason(call, check, sentence):
    failed = failures("renderers", call)
    assert set(failed) == {check}
    assert sentence in failed[check][0]
    if call is left_open:
        from matplotlib import pyplot as plt

        plt.close("all")


# ---- how it is called


def test_wrong_questions_are_told_apart_from_wrong_plugins():
    with pytest.raises(UnknownPluginError, match="no kind of plug-in named 'segmentors'"):
        check_plugin("segmentors", Plugin("halves", halves))
    with pytest.raises(UnknownPluginError, match="slick"):
        check_plugin("segmenters", "slick")
    with pytest.raises(RecipeError, match="'upright' is not a parameter"):
        check_plugin("segmenters", Plugin("halves", halves), params={"upright": True})


def test_a_partial_of_a_function_is_a_plugin():
    halved = partial(halves, vertical=False)
    check_plugin("segmenters", Plugin("halves", halved, summary="Upper and lower half."))
