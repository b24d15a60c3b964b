"""From what a user has at hand to an instance and a model."""

import importlib
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from limefw.contracts import check_instance, check_model
from limefw.discovery import Registry
from limefw.discovery import registry as default_registry
from limefw.errors import BrokenPluginError, InputError, ModelError, ModelSourceError, UnknownPluginError, did_you_mean
from limefw.imports import versions_of
from limefw.stage import Plugin, Stage, plain, takes_trust
from limefw.types import Contract, Instance, Model, digest


def read(source: Any, stage: Stage | None, registry: Registry, modality: str | None = None) -> Instance:
    """Return the instance that `source` is or holds; `stage` None lets the readers say who takes it.

    Those of a `modality` are asked first: a .npy file or an array may be an image and may be a series.

    Raises:
        InputError: with what it is and what would do.
    """
    if isinstance(source, Instance):
        return _own(check_instance(source, "the caller"))
    chosen = stage if stage is not None else _reader_for(source, registry, modality)
    return _own(check_instance(chosen(source), chosen))


AS_A_ROW = "a row is varied by the other rows of its table: limefw.explain(limefw.Table(data).row(3), model)"


def doubts(source: Any, model: Model) -> tuple[str, ...]:
    """Return as notes that an array by its shape may be a row of a table, for a model that says its columns.

    Raises:
        InputError: where it may be nothing but a table of several rows.
    """
    axes = 0 if isinstance(source, Instance) or model.columns is None else getattr(source, "ndim", 0)
    if axes not in (1, 2) or source.shape[-1] != model.columns:
        return ()
    if axes == 1:
        taken = f"these {model.columns} numbers were taken for the steps of a time series"
        return (f"{taken}. If they are a row of a table: {AS_A_ROW}; if not, limefw.Series(values) says so",)
    if source.shape[0] == source.shape[1] and not hasattr(source, "columns"):
        return ()  # of batches (n, h, h) too an estimator says h
    raise InputError(
        f"this has {source.shape[0]} rows of {model.columns} columns, as many as {model.name} was trained on: "
        f"{AS_A_ROW}"
    )


def modality_of(source: Any, stage: Stage | None, registry: Registry) -> str | None:
    """Return the modality of what `read` would return, without reading it; None where only reading will tell."""
    if isinstance(source, Instance):
        return source.modality
    return (stage if stage is not None else _reader_for(source, registry)).plugin.modality


def _own(instance: Instance) -> Instance:
    """Copy what it holds: what the caller does to an array later must not change the explanation."""
    copied = getattr(instance, "copied", None)
    return instance if copied is None else copied()


def _reader_for(source: Any, registry: Registry, modality: str | None = None) -> Stage:
    try:
        plugin = registry.choose("readers", source, modality)
    except (UnknownPluginError, BrokenPluginError) as error:
        if isinstance(source, str):
            raise InputError(
                f"a str is text, which no installed reader takes. For a file give pathlib.Path({source[:60]!r})"
            ) from None
        hint = "Give numpy.asarray(...) of one image. " if isinstance(source, list | tuple) else ""
        if hasattr(source, "columns") or hasattr(source, "to_dict") or isinstance(source, Mapping):
            hint = (
                "A row of a table is varied by the others: limefw.Table(frame).row(3), or .row({...}) for a new one. "
            )
        elif isinstance(source, bytes):
            hint = "Bytes may be anything: give source.decode() of a text, PIL.Image.open(io.BytesIO(source)). "
        raise InputError(
            f"{error} {hint}A text is a str. An image is an array (h, w) or (h, w, c), or a PIL image; a series an "
            "array (t,) or (t, channels); a row of a table limefw.Table(data).row(3). A pathlib.Path is a file of one."
        ) from error
    return Stage.of("readers", plugin, {})


def model(
    source: Any = None,
    /,
    *,
    use: str | Mapping[str, Any] = "auto",
    classes: Sequence[str] | None = None,
    task: Literal["classification", "regression"] | None = None,
    contract: Contract | None = None,
    trust: bool = False,
    model_id: str | None = None,
    registry: Registry | None = None,
) -> Model:
    """Return a model that limefw can call.

    Args:
        source: a callable from a batch to (n, k) outputs, a file, ``"package.module:function"``, any object that an
            adapter knows, a function that makes a network and the file of its weights (as a pair, or as
            ``"package.module:function@weights"``), or None: the embedded ImageNet classifier.
        use: the adapter, as a recipe has it; "auto" asks the adapters.
        classes: names of the classes, in the order of the outputs.
        task: "regression" explains the outputs as they are.
        contract: what the input must be, where the adapter cannot know.
        trust: allow loading that runs code which came with the file. Never taken from a recipe.
        model_id: names this model in caches between processes: another name for each change to it or to what it
            calls. The adapter's settings count beside it.
        registry: where the adapters are; the process's own by default.

    Raises:
        ModelError: where it cannot be loaded or does not fit what was said of it.
        UntrustedError: where loading would run code and `trust` is False.
    """
    loaded = source if isinstance(source, Model) else _loaded(source, use, registry or default_registry(), trust=trust)
    if contract is not None:
        # what the adapter had to assume was said
        loaded = replace(loaded, contract=contract, notes=(), adapter=None)
    if task not in (None, "classification", "regression"):
        raise ModelError(f"task is 'classification' or 'regression', got {task!r}")
    if task == "classification" and loaded.contract.head == "values":
        raise ModelError("a classifier's head is not 'values': say what its outputs are in the contract")
    if task == "regression" and loaded.contract.head != "values":
        # what was said need not be assumed
        rest = tuple(note for note in loaded.notes if note != loaded.assumed_head)
        loaded = replace(loaded, contract=replace(loaded.contract, head="values"), notes=rest)
    if isinstance(classes, str):
        raise ModelError(
            f"classes are a list of names, got the text {classes[:60]!r}; a file of them goes by "
            "use={'use': ADAPTER, 'classes': FILE}, or by Path(FILE).read_text().splitlines()"
        )
    if classes is not None:
        loaded = replace(loaded, classes=tuple(str(name) for name in classes))
    if model_id is not None:
        told = {} if isinstance(source, Model) or isinstance(use, str) else use
        loaded = replace(loaded, fingerprint=_named(model_id, loaded, told))
    return loaded


def _named(model_id: str, loaded: Model, told: Mapping[str, Any]) -> str:
    """Return a fingerprint of a name and of what the adapter was told: one network may have several outputs."""
    settings = sorted((name, plain(value)) for name, value in told.items() if name != "use")
    if not settings and loaded.fingerprint is None:
        return f"id:{model_id}"
    return f"id:{model_id}:{digest(settings, loaded.fingerprint or '')[:16]}"


def _loaded(source: Any, use: str | Mapping[str, Any], registry: Registry, *, trust: bool) -> Model:
    source = _found(source)
    params = {"use": use} if isinstance(use, str) else dict(use)
    plugin = _adapter_for(source, str(params.pop("use", "auto")), registry)
    stage = Stage.of("models", plugin, params, lambda _: "[model]: ")
    trusted = {"trust": trust} if takes_trust(stage.plugin) else {}
    loaded = check_model(stage(source, **trusted), stage)
    adapter = stage.name if "head" in stage.params else None
    runtime = f"{stage.name}: {loaded.runtime or versions_of(*stage.plugin.requires)}"
    return replace(loaded, modality=loaded.modality or stage.plugin.modality, adapter=adapter, runtime=runtime)


def adapter_name(source: Any, registry: Registry | None = None) -> str:
    """Return the name of the adapter that takes `source`, which is what "auto" stands for; raises as `model` does."""
    return _adapter_for(_found(source), "auto", registry or default_registry()).name


def _found(source: Any) -> Any:
    """Return what a text names: a file, a function, or a function and the file of its weights; all else as it is."""
    if not isinstance(source, str):
        return source
    if not source:
        raise ModelSourceError("the model is an empty text: give a file, MODULE:FUNCTION or a function")
    name, _, weights = source.partition("@")
    if names_function(name):
        return (imported(name), Path(weights)) if weights else imported(name)
    return Path(source)


def names_function(text: str) -> bool:
    """Say whether this is of the form ``package.module:function``."""
    return re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*", text) is not None


def imported(name: str, what: str = "model") -> Callable[..., Any]:
    """Return the function that ``package.module:function`` names: the user's own explicit act, never a recipe's.

    Args:
        name: of it.
        what: it shall be, for messages.

    Raises:
        ModelSourceError: where there is no such module or function.
    """
    module, _, path = name.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except (ModuleNotFoundError, AttributeError) as error:
        # a module that is there and lacks another one keeps its own error
        if isinstance(error, ModuleNotFoundError) and not f"{module}.".startswith(f"{error.name}."):
            error.add_note(f"raised while importing {what} {name!r}")
            raise
        hint = _where_looked(module, path) if isinstance(error, ModuleNotFoundError) else ""
        raise ModelSourceError(f"{what} {name!r} cannot be imported: {error}{'.' * bool(hint)}{hint}") from error
    if not callable(found):
        raise ModelError(f"{what} {name!r} is {type(found).__name__}, which cannot be called on a batch")
    return found  # type: ignore[no-any-return]


def _where_looked(module: str, function: str) -> str:
    """Say how a module is named and where it is looked for, for one that is not there."""
    if module.endswith(".py"):
        return f" Write it without .py: {module.removesuffix('.py')}:{function}"
    here = Path.cwd()
    hint = did_you_mean(module, [path.stem for path in here.glob("*.py")])
    if not {"", ".", str(here)} & set(sys.path):
        return hint
    return f" It was looked for in the current folder too.{hint}"


def _adapter_for(source: Any, name: str, registry: Registry) -> Plugin:
    if name != "auto":
        return registry.get("models", name)
    if isinstance(source, os.PathLike) and not Path(source).exists():
        hint = _as_module(source)
        raise ModelSourceError(f"there is no model file {source}{'.' * bool(hint)}{hint}")
    try:
        return registry.choose("models", source)
    except UnknownPluginError as error:
        if isinstance(source, os.PathLike) and Path(source).suffix == ".py":
            # whoever names it means what is in it: a list of all adapters would lead astray
            named = f"A function in it is named MODULE:FUNCTION, without .py: {Path(source).stem}:predict"
            raise ModelSourceError(f"{source} is code and no model. {named}") from error
        raise ModelSourceError(f"{error}{_how_to_call(source)}") from error


def _as_module(path: os.PathLike[str]) -> str:
    """Say how a function of a module is named, where a path might have been meant for one."""
    module = os.fspath(path).removesuffix(".py")
    if Path(path).is_dir() or not module.isidentifier():
        return ""
    return f" A function of a module is named MODULE:FUNCTION, as {module}:predict"


def _as_pickle(path: os.PathLike[str]) -> str:
    """Say what to do with a pickle whose name does not tell whose it is."""
    if not Path(path).is_file():
        return ""
    with Path(path).open("rb") as file:
        start = file.read(2)
    if start not in [bytes([0x80, version]) for version in range(2, 6)]:
        return ""
    return (
        " It is a pickle, which can run code when it is opened. Where you know who made it, say which library did: "
        "use='sklearn' or use='torch', with trust=True"
    )


def _how_to_call(source: Any) -> str:
    """Say what of an object could be asked, for one that no adapter knows."""
    if isinstance(source, os.PathLike):
        return _as_module(source) or _as_pickle(source)
    for name in ("predict_proba", "predict"):
        if callable(getattr(source, name, None)):
            return f" Pass its method, model.{name}, or a function that brings a batch of inputs into its form first."
    return " A model is a function from a batch of inputs to an array (n, k) of outputs."
