"""Checks of what one kind alone promises."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from limefw.modalities.image import Image
from limefw.modalities.series import Series
from limefw.modalities.table import Row
from limefw.modalities.text import Text, pieces_of
from limefw.results import store
from limefw.testing._examples import composed, model_batch
from limefw.testing._subject import Complaints, Skip, Subject
from limefw.testing._watch import bits
from limefw.types import Fit, Neighbourhood


def _row_by_row(s: Subject) -> Complaints:
    for name, data, value in s.made():
        if s.stage.kind == "fillers":
            draws, whole = composed(value, data)
            rows = [value.compose(draws.take(slice(at, at + 1)))[0] for at in range(len(draws))]
        else:
            whole = value[0]
            rows = [s.call((data[0][at : at + 1], data[1]))[0][0] for at in range(len(data[0]))]
        different = [at for at, row in enumerate(rows) if bits(row) != bits(whole[at])]
        if different:
            yield f"given {name}: rows {different} differ when made alone. Each row must depend on itself alone"


def _keys(s: Subject) -> Complaints:
    for name, data, composer in s.made():
        if not hasattr(composer, "keys"):
            raise Skip("")
        draws, whole = composed(composer, data)
        keys = list(composer.keys(draws))
        if len(keys) != len(draws) or not all(isinstance(key, bytes) for key in keys):
            yield f"given {name}: keys(draws) must be a list of bytes, one for each of {len(draws)} rows"
            continue
        if [key for at in range(len(draws)) for key in composer.keys(draws.take(slice(at, at + 1)))] != keys:
            yield f"given {name}: a row's key differs when asked for alone. Each must depend on its row alone"
        inputs: dict[bytes, str] = {}
        if any(inputs.setdefault(key, bits(row)) != bits(row) for key, row in zip(keys, whole, strict=True)):
            yield f"given {name}: rows that differ have one key, so the model would be asked for one of them alone"


def _shows_what_is_kept(s: Subject) -> Complaints:
    for name, (instance, segments), composer in s.made():
        _, whole = composed(composer, (instance, segments))
        if isinstance(instance, Text):
            parts, owners = pieces_of(instance.string, segments)
            same = whole[0] == instance.string
            shown = all(part in whole[1] for part, owner in zip(parts, owners, strict=True) if owner < 0)
        else:
            own, whole = _comparable(instance, whole)
            if own is None or np.shape(whole[0]) != own.shape:
                continue
            same = np.array_equal(whole[0], own)
            shown = np.array_equal(whole[1][segments.labels < 0], own[segments.labels < 0])
        if not same:
            yield f"given {name}: with nothing hidden it shows something other than the instance"
        if not shown:
            yield f"given {name}: it hides what is in no segment (label -1), which is always kept"


def _comparable(instance: Any, batch: Any) -> tuple[Any, Any]:
    """Return an instance's own values, indexed as its label map is, and a batch of composites likewise; else None."""
    if isinstance(instance, Image):
        return instance.pixels, batch
    if isinstance(instance, Series):
        return instance.values, np.moveaxis(batch, 1, 2) if instance.layout == "ct" else batch.reshape(
            -1, *instance.shape
        )
    if isinstance(instance, Row):
        return np.nan_to_num(instance.background.frame(instance.values[None])[0]), np.nan_to_num(batch)
    return None, batch


def _well_formed(s: Subject) -> Complaints:
    for name, _, value in s.made():
        if len(set(value.names)) != value.count or not all(isinstance(item, str) for item in value.names):
            yield f"given {name}: its segments need names that are text and all differ"
        if value.parents is not None and (value.parents.shape != (value.count,) or value.parents.min(initial=0) < 0):
            yield f"given {name}: parents are {value.count} numbers >= 0, one for each segment"
        basis = value.basis
        if basis is not None and not (np.isfinite(basis).all() and basis.min() >= 0.0 and basis.max() <= 1.0):
            yield f"given {name}: basis holds shares, which are finite and within 0..1"


def _budget(s: Subject) -> Complaints:
    for name, (_, _, most), blocks in s.made():
        rows = sum(len(block) for block in blocks)
        if not 0 < rows <= most:
            yield f"given {name}: it drew {rows} rows. Cut the last block to what the budget leaves"


def _first_row(s: Subject) -> Complaints:
    for name, _, blocks in s.made():
        if len(blocks) and len(blocks[0]) and not (blocks[0].codes[0] == 1).all():
            yield f"given {name}: the first row is not the instance. Set codes[0] = True in the first block"


def _groups(s: Subject) -> Complaints:
    for name, _, blocks in s.made():
        restarts = [at for at, block in enumerate(blocks) if at and block.groups is not None and block.groups[:1] == 0]
        if restarts:
            first = restarts[0]
            yield (
                f"given {name}: block {first} numbers its groups from 0 again. Go on from the last block's numbers, or "
                "give no groups where each row is alone"
            )


def _seeds(s: Subject) -> Complaints:
    for name, data, blocks in s.made():
        if all(block.exhaustive for block in blocks) and bits(s.call(data, seed=1)) != bits(blocks):
            yield f"given {name}: it says exhaustive=True, and two seeds draw otherwise: something is left to chance"
    name, data, blocks = list(s.made())[-1]
    if not all(block.exhaustive for block in blocks) and bits(s.call(data, seed=1)) == bits(blocks):
        yield f"given {name}: two seeds draw the same. Use the rng, or say exhaustive=True where nothing is random"


def _rows_alone(s: Subject) -> Complaints:
    for name, (draws, composer), weights in s.made():
        backwards = np.r_[0, np.arange(len(draws))[:0:-1]]
        for rows, what in ((slice(0, 7), "fewer rows"), (backwards, "the rows in another order")):
            part = s.call((draws.take(rows), composer))
            if not np.allclose(part, np.asarray(weights)[rows], rtol=1e-12, atol=0.0, equal_nan=True):
                yield f"given {name}: {what} weigh differently. A row's weight may depend on that row alone"


def _chunks(s: Subject) -> Complaints:
    for _, _, model in s.made():
        batch = model_batch(model)
        given = batch.copy()
        whole = np.array(model.predict(given))
        if bits(given) != bits(batch):
            yield "predict writes into its batch: copy it first"
        for size in (1, 3):
            parts = [np.asarray(model.predict(batch[at : at + size].copy())) for at in range(0, len(batch), size)]
            if not np.allclose(np.concatenate(parts), whole, rtol=1e-4, atol=1e-4 * np.abs(whole).max()):
                yield f"predicting {size} at a time differs from all at once. Return a new array, a row per input"


def _one_by_one(s: Subject) -> Complaints:
    for name, (around,), value in s.made():
        if any(isinstance(one, Fit) and one.detail.get("joint") for one in value):
            continue  # it says that one model answers for all targets
        for target in range(around.targets.shape[1]):
            single = (around.take(targets=[target]),)
            alone = s.call(single)
            if s.stage.kind == "selectors" and len(np.unique(around.codes, axis=1).T) < around.codes.shape[1]:
                continue  # equal columns: either may be picked first
            if bits(alone) == bits(s.call(single, seed=1)) and not _alike(alone[0], value[target], around):
                yield f"given {name}: target {target} comes out differently when it is the only one"


def _alike(one: Any, other: Any, around: Neighbourhood) -> bool:
    if not isinstance(one, Fit):
        return np.array_equal(one, other)
    first, second = one.predict(around.codes), other.predict(around.codes)
    return bool(np.allclose(first, second, rtol=1e-9, atol=1e-9 * np.abs(first).max()))


def _predict(s: Subject) -> Complaints:
    for name, (around,), fits in s.made():
        own = around.codes[:1]
        without = np.where(np.eye(own.shape[1], dtype=bool), own.dtype.type(0), own)
        for fit in fits:
            local = float(fit.predict(own)[0])
            claims = (
                ("local_prediction", fit.local_prediction, local, "of the instance"),
                ("intercept", fit.intercept, fit.predict(own * False)[0], "with every column off"),
                ("effects", fit.effects, local - fit.predict(without), "of the instance less that without each column"),
            )
            for claim, said, found, what in claims:
                if not np.allclose(said, found, rtol=1e-9, atol=1e-9 * max(1.0, abs(local))):
                    yield f"given {name}: {claim} is {said}, and predict says {found} {what}. Make one of the other"
            if not np.isfinite(fit.score):
                yield f"given {name}: its score is {fit.score}. Use limefw.statistics.weighted_r2"


def _saved_and_loaded(s: Subject) -> Complaints:
    for name, (around,), fits in s.made():
        for fit in fits:
            with tempfile.TemporaryDirectory() as folder:
                loaded = store.load(store.save(Path(folder) / "fit.limefw", fit), {"Fit": Fit})
            if bits(loaded.predict(around.codes)) != bits(fit.predict(around.codes)):
                yield f"given {name}: a saved fit predicts differently once loaded. Keep JSON and arrays in its detail"


def _open_figures(s: Subject) -> Complaints:
    for name in s.opened:
        yield f"given {name}: it leaves a pyplot figure open. Draw on matplotlib.figure.Figure() instead"


OF_SEGMENTERS = (_well_formed,)
OF_SAMPLERS = (_budget, _first_row, _groups, _seeds)
OF_FILLERS = (_row_by_row, _keys, _shows_what_is_kept)
OF_MODELS = (_chunks,)
OF_TARGETS = (_row_by_row,)
OF_KERNELS = (_rows_alone,)
OF_SELECTORS = (_one_by_one,)
OF_SURROGATES = (_predict, _one_by_one, _saved_and_loaded)
OF_RENDERERS = (_open_figures,)
