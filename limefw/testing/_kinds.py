"""The table of the kinds: what each is called with, what it must return, and its own checks."""

from collections.abc import Mapping
from typing import Any

from limefw import contracts
from limefw.errors import ContractError, InputError, ModelError
from limefw.stage import Stage
from limefw.statistics.stopping import Budget
from limefw.testing import _check_calls, _check_fresh, _check_function, _check_kinds
from limefw.testing._examples import (
    STAGES,
    answers,
    composed,
    explained,
    fitting,
    game,
    instances,
    judged,
    model_batch,
    sampling,
    sources,
    split,
    weighing,
)
from limefw.testing._subject import Data, Kind


def _check_blocks(blocks: Any, data: Data, stage: Stage) -> None:
    for block in blocks:
        contracts.check_draws(block, data[1], stage, first=False)


def _check_composer(composer: Any, data: Data, stage: Stage) -> None:
    draws, inputs = composed(contracts.check_composer(composer, stage), data)
    if len(inputs) != len(draws):
        raise ContractError(f"{stage} composed {len(inputs)} inputs, expected one for each of {len(draws)} rows.")


def _check_rendering(value: Any, _data: Data, stage: Stage) -> None:
    rendering = contracts.check_rendering(value, stage)
    if not isinstance(rendering.data, bytes | str) or "/" not in rendering.media_type:
        raise ContractError(f"{stage} returned {rendering.media_type!r}, expected bytes or text and 'type/subtype'.")
    if stage.plugin.suffix not in ("", rendering.suffix):
        raise ContractError(
            f"{stage} made a file {rendering.suffix!r}, expected {stage.plugin.suffix!r} as its record says."
        )


def _check_fits(value: Any, data: Data, stage: Stage) -> None:
    contracts.check_fits(value, data[0].targets.shape[1], data[0].codes.shape[1], stage)


def _check_model(value: Any, _data: Data, stage: Stage) -> None:
    model = contracts.check_model(value, stage)
    contracts.check_outputs(model.predict(model_batch(model)), 7, model)


KINDS: Mapping[str, Kind] = {
    "readers": Kind("source", sources, lambda value, _, stage: contracts.check_instance(value, stage)),
    "segmenters": Kind(
        "instance rng",
        lambda s: {name: (instance,) for name, instance in instances(s).items()},
        lambda value, data, stage: contracts.check_segments(value, data[0].shape, stage),
        _check_kinds.OF_SEGMENTERS,
    ),
    "samplers": Kind("instance segments budget rng", sampling, _check_blocks, _check_kinds.OF_SAMPLERS),
    "fillers": Kind(
        "instance segments rng",
        lambda s: {name: (item, split(item, 6, kept=True)) for name, item in instances(s).items()},
        _check_composer,
        _check_kinds.OF_FILLERS,
        lambda composer, data: composed(composer, data)[1],
    ),
    "models": Kind(
        "source", sources, _check_model, _check_kinds.OF_MODELS, lambda model, _: model.predict(model_batch(model))
    ),
    "targets": Kind(
        "outputs head",
        answers,
        lambda value, data, stage: contracts.check_target(value, len(data[0]), stage),
        _check_kinds.OF_TARGETS,
        refusals=(InputError, ModelError),
    ),
    "kernels": Kind(
        "draws composer",
        weighing,
        lambda value, data, stage: contracts.check_weights(value, len(data[0]), stage),
        _check_kinds.OF_KERNELS,
    ),
    "selectors": Kind(
        "neighbourhood rng",
        fitting,
        lambda value, data, stage: contracts.check_columns(
            value, data[0].targets.shape[1], data[0].codes.shape[1], stage
        ),
        _check_kinds.OF_SELECTORS,
    ),
    "surrogates": Kind("neighbourhood rng", fitting, _check_fits, _check_kinds.OF_SURROGATES),
    "methods": Kind(
        "game stages budget rng",
        lambda _: {"a game of 6 segments": (game(), STAGES, Budget(60))},
        # None: what was asked is fitted as usual
        lambda value, _, stage: None if value is None else contracts.check_fits(value, 2, 6, stage),
    ),
    "renderers": Kind("explanation", explained, _check_rendering, _check_kinds.OF_RENDERERS),
    "metrics": Kind(
        "explanation game rng",
        judged,
        lambda value, _, stage: contracts.check_metrics(value, stage),
    ),
}
"""Of every kind of plug-in: how it is called and judged."""

OF_EVERY = (*_check_function.CHECKS, *_check_calls.CHECKS, *_check_fresh.CHECKS)
