"""Memory that runs out costs nothing but the call, and a model that composes by itself gives the same explanation."""

import numpy as np
import pytest

import limefw
from limefw.game import is_out_of_memory
from limefw.types import Contract, Model


ROWS = 300
GRID = {"use": "grid", "rows": 4, "columns": 6}
SETTINGS = {"recipe": "lime", "segmenter": GRID, "labels": [0, 1], "samples": ROWS, "what_if": 0}


@pytest.fixture(scope="module")
def photo():
    return np.random.default_rng(0).integers(0, 256, size=(32, 40, 3)).astype(np.uint8)


class OutOfMemoryError(RuntimeError):
    """As PyTorch's is called."""


class ResourceExhaustedError(Exception):
    """As TensorFlow's is called."""


class Small:
    """Two classes by exact sums, for at most `most` rows at once; notes how many each call had."""

    def __init__(self, most, error=OutOfMemoryError):
        self.most, self.error, self.asked, self.answered = most, error, [], []

    def __call__(self, batch):
        self.asked.append(len(batch))
        if len(batch) > self.most:
            raise self.error(f"Tried to allocate {len(batch)} GiB")
        self.answered.append(len(batch))
        sums = batch.astype(np.int64).reshape(len(batch), 2, -1).sum(axis=2)
        return sums / sums.sum(axis=1, keepdims=True)


def codes_of(explanation):
    return [caution.code for caution in explanation.health.cautions]


def assert_same(one, other):
    np.testing.assert_array_equal(one.neighbourhood.codes, other.neighbourhood.codes)
    np.testing.assert_array_equal(one.neighbourhood.targets, other.neighbourhood.targets)
    for label, fit in one.fits.items():
        np.testing.assert_array_equal(fit.effects, other.fits[label].effects)


# --- memory


@pytest.mark.parametrize("most", [1, 5, 16, 49])
@pytest.mark.parametrize("chunk", [None, 64, 50])
def test_a_chunk_that_does_not_fit_is_halved(photo, most, chunk):
    """The explanation is the same to the last bit, no answered row is asked again, and one caution tells."""
    model = Small(most)
    found = limefw.explain(photo, model, chunk=chunk, **SETTINGS)
    assert_same(limefw.explain(photo, Small(10_000), **SETTINGS), found)
    assert sum(model.answered) == ROWS == found.provenance["rows"]["predicted"]
    assert found.provenance["rows"]["calls"] == len(model.answered)
    fitting = found.provenance["rows"]["chunk"]
    assert most // 2 < fitting <= most
    assert model.asked[-1] <= fitting
    # each size is tried in vain once
    failed = [size for size in model.asked if size > most]
    assert failed == sorted(set(failed), reverse=True)
    assert codes_of(found).count("out_of_memory") == 1
    (told,) = [caution.message for caution in found.health.cautions if caution.code == "out_of_memory"]
    assert f"at {failed[0]} rows a call" in told
    assert f"at most {fitting} were" in told


def test_enough_memory_is_not_told_of(photo):
    assert "out_of_memory" not in codes_of(limefw.explain(photo, Small(64), chunk=64, **SETTINGS))


@pytest.mark.parametrize("error", [OutOfMemoryError, MemoryError])
def test_where_not_even_one_row_fits_the_error_says_so(photo, error):
    """It keeps its type, as any exception of a model does."""
    model = Small(0, error)
    with pytest.raises(error) as caught:
        limefw.explain(photo, model, **SETTINGS)
    assert model.asked == [1]
    assert any("not even one row at a time fits in memory" in note for note in caught.value.__notes__)


def test_memory_that_ends_later_loses_nothing(photo):
    """Others may take the memory half-way: halved down to one row, and then what was computed is kept."""
    model = Small(40)

    def shrinking(batch):
        if len(model.answered) == 4:
            model.most = 0
        return model(batch)

    with pytest.raises(OutOfMemoryError) as caught:
        limefw.explain(photo, shrinking, chunk=40, **SETTINGS)
    assert model.asked == [1, 40, 40, 40, 40, 20, 10, 5, 2, 1]
    kept = caught.value.partial
    assert kept.health.samples == 121
    plain = limefw.explain(photo, Small(40), **SETTINGS).neighbourhood
    np.testing.assert_array_equal(plain.targets[:121], kept.neighbourhood.targets)


def test_rows_in_the_cache_are_not_asked_again(photo):
    """Halving asks the cache again, never the model for what is in it."""
    cache = {}
    limefw.explain(photo, limefw.model(Small(64), model_id="small"), cache=cache, **{**SETTINGS, "samples": 100})
    model = Small(10)
    found = limefw.explain(photo, limefw.model(model, model_id="small"), cache=cache, chunk=64, **SETTINGS)
    assert sum(model.answered) == found.provenance["rows"]["predicted"] == ROWS - 100
    assert_same(limefw.explain(photo, Small(64), **SETTINGS), found)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        np._core._exceptions._ArrayMemoryError((10**6, 10**6), np.dtype(float)),
        OutOfMemoryError("anything"),
        ResourceExhaustedError("anything"),
        RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB"),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("MPS backend out of memory (MPS allocated: 8.1 GB)"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        Exception("[ONNXRuntimeError] : 6 : BFCArena::AllocateRawInternal Failed to allocate memory for requested"),
        Exception("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : std::bad_alloc"),
        Exception("OpenCV(5.0.0) error: (-4:Insufficient memory) Failed to allocate 10000 bytes"),
        Exception("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 2147483648 bytes."),
    ],
    ids=lambda error: str(error)[:30] or type(error).__name__,
)
def test_every_frameworks_word_for_it_is_known(error):
    assert is_out_of_memory(error)


@pytest.mark.parametrize(
    "error",
    [RuntimeError("mat1 and mat2 shapes cannot be multiplied"), ValueError("no memory of that class"), KeyError(3)],
)
def test_other_errors_are_not_taken_for_it(error, photo):
    """They come out at the first call."""
    assert not is_out_of_memory(error)
    model = Small(40, lambda _: error)
    with pytest.raises(type(error)):
        limefw.explain(photo, model, chunk=64, **SETTINGS)
    assert model.asked == [1, 64]


# --- models that compose by themselves


class Bound:
    """A model that composes with ``np.where``; counts rows of each way of being asked."""

    def __init__(self):
        self.plain, self.composed, self.model = [], [], Small(10_000)

    def predict(self, batch):
        self.plain.append(len(batch))
        return self.model(batch)

    def bind(self, composer):
        def outputs(draws):
            self.composed.append(len(draws))
            codes = np.insert(draws.codes, 0, True, axis=1)
            shown = np.expand_dims(codes[:, composer.labels + 1], 1 if composer.planar else -1)
            return self.model(np.where(shown, composer.pixels, composer.backgrounds[composer.chosen(draws)]))

        return outputs


@pytest.mark.parametrize("contract", [Contract(), Contract(layout="NCHW", dtype="int16"), Contract(size=(16, 20))])
@pytest.mark.parametrize("filler", ["mean_color", {"use": "noise", "fields": 5}])
def test_a_bound_model_is_asked_by_codes_alone(photo, contract, filler):
    """Same explanation as without, and nothing is composed here."""
    model = Bound()
    settings = {**SETTINGS, "filler": filler, "chunk": 50}
    plain = limefw.explain(photo, Model(model.predict, contract=contract), **settings)
    assert (sum(model.plain), model.composed) == (plain.health.distinct, [])
    model.plain.clear()
    bound = limefw.explain(photo, Model(model.predict, contract=contract, bind=model.bind), **settings)
    assert (model.plain, sum(model.composed)) == ([], plain.health.distinct)
    assert max(model.composed) == 50
    assert_same(plain, bound)


def shares(_instance, segments, budget, _rng, /):
    """Draw soft codes, which no mask can show."""
    codes = np.random.default_rng(1).random((budget, segments.count)).astype(np.float32)
    codes[0] = 1
    yield limefw.Draws(codes)


def of_its_own(image, _segments, _rng, /):
    """Compose in a way that no PixelComposer knows."""

    class Dimmed:
        def compose(self, draws):
            return np.stack([image.pixels * code.mean() for code in draws.codes]).astype(np.uint8)

    return Dimmed()


@pytest.mark.parametrize("stage", [{"sampler": shares}, {"filler": of_its_own}], ids=["soft codes", "another composer"])
def test_what_a_bound_model_cannot_compose_is_composed_for_it(photo, stage):
    model = Bound()
    settings = {**SETTINGS, **stage, "kernel": "flat", "samples": 60}
    bound = limefw.explain(photo, Model(model.predict, bind=model.bind), **settings)
    assert model.composed == []
    assert_same(limefw.explain(photo, Model(model.predict), **settings), bound)


def test_a_bound_model_that_fails_says_what_it_was_given(photo):
    def bind(_composer):
        def outputs(draws):
            raise RuntimeError("no device")

        return outputs

    with pytest.raises(RuntimeError) as caught:
        limefw.explain(photo, Model(np.asarray, "far", bind=bind), **SETTINGS)
    assert "raised by far, given the codes of 1 rows, to compose by itself" in caught.value.__notes__
