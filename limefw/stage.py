"""What a plug-in is: a named function whose keyword-only arguments are its parameters.

The only file that knows pydantic. Schemas come from the keyword-only annotations alone: the annotation of a data
argument (``torch.nn.Module``, say) is never evaluated, so a plug-in may name a library that is not installed.
"""

import functools
import importlib.util
import inspect
import json
import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, NotRequired, Required

from limefw.errors import BrokenPluginError, LimefwError, MissingDependencyError, PluginError, RecipeError, did_you_mean


PACKAGES = {
    "onnxruntime": "'limefw[onnx]'", "skimage": "scikit-image", "sklearn": "scikit-learn", "PIL": "pillow",
    "cv2": "opencv-python-headless", "yaml": "pyyaml", "tokenizers": "'limefw[tokenizers]'",
    **{name: f"'limefw[{name}]'" for name in (
        "keras", "lightgbm", "pandas", "polars", "timm", "torch", "torchvision", "transformers", "xgboost",
    )},
    # the wheels of OpenCV overwrite each other: this one takes the other's place, and has all of it
    "cv2.ximgproc": "--force-reinstall opencv-contrib-python-headless",
}  # fmt: skip
"""What to give pip for a library that is imported by another name, or comes with an extra of limefw's own."""


class Figure(NamedTuple):
    """What one of a metric's figures can be, for tables.

    Args:
        name: as the metric calls it.
        least: no value is below.
        most: no value is above.
        better: "higher" or "lower"; empty where neither is.
    """

    name: str
    least: float = -math.inf
    most: float = math.inf
    better: str = ""


@dataclass(frozen=True, slots=True)
class Plugin:
    """One plug-in, as a hook yields it.

    Args:
        name: what a recipe calls it.
        call: the function; see ``limefw.hookspecs`` for the data arguments of each kind.
        modality: the instances it is for ("image", "text", ...), or None for any.
        requires: import names of optional libraries that it needs.
        accepts: says of an object or path whether it is one for this plug-in, importing nothing (readers, models).
        summary: one line; the first line of the docstring by default.
        fallback: asked only when no other plug-in accepts (an adapter that takes any callable).
        suffix: of the files that a renderer makes, e.g. ".png": a wrong name is refused before the model is asked.
        needs: what it cannot do without: a metric "mask", a surrogate "columns", all of them, a selector "errors",
            which draws that are not independent have not. Where it is not there, nothing is asked of the model.
        figures: of a metric, what each of its figures can be and which way is better, as far as that is known.
    """

    name: str
    call: Callable[..., Any]
    modality: str | None = None
    requires: tuple[str, ...] = ()
    accepts: Callable[[Any], bool] | None = None
    summary: str = ""
    fallback: bool = False
    suffix: str = ""
    needs: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()

    def __post_init__(self) -> None:
        if not self.summary:
            first, _, _ = (inspect.getdoc(self.call) or "").strip().partition("\n")
            object.__setattr__(self, "summary", first)


def signature(call: Callable[..., Any]) -> inspect.Signature:
    """Return the signature with no annotation evaluated."""
    if sys.version_info >= (3, 14):
        import annotationlib

        return inspect.signature(call, annotation_format=annotationlib.Format.FORWARDREF)
    return inspect.signature(call)


def function_of(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that was written down: inside decorators, partials, or the ``__call__`` of an object."""
    inner: Any = inspect.unwrap(call)
    if isinstance(inner, functools.partial):
        return function_of(inner.func)
    written: Callable[..., Any] = inner if inspect.isroutine(inner) or inspect.isclass(inner) else type(inner).__call__
    function: Callable[..., Any] = inspect.unwrap(written)
    return function


@functools.lru_cache(maxsize=512)
def signature_of(plugin: Plugin) -> tuple[inspect.Parameter, ...]:
    """Return the keyword-only parameters that a recipe may set.

    Raises:
        PluginError: for ``**kwargs``, ``*args`` or a parameter called ``use``: no schema could be made of them.
    """
    found = []
    for parameter in signature(plugin.call).parameters.values():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            raise PluginError(f"{plugin.name!r} takes '{parameter}': name each parameter, so that it can be checked")
        if parameter.kind is not parameter.KEYWORD_ONLY:
            continue
        if parameter.name == "use":
            raise PluginError(f"{plugin.name!r} has a parameter called 'use': recipes need that word, choose another")
        if parameter.annotation is parameter.empty:
            raise PluginError(f"{plugin.name!r}: parameter {parameter.name!r} has no type annotation")
        if parameter.name != "trust":  # the caller's own word, never a recipe's
            found.append(parameter)
    return tuple(found)


def takes_trust(plugin: Plugin) -> bool:
    """Say whether the plug-in can load things that run code, and so wants to hear ``trust``."""
    return "trust" in signature(plugin.call).parameters


def _evaluated(annotation: Any, call: Callable[..., Any]) -> Any:
    """Evaluate one annotation that ``from __future__ import annotations`` left as a string."""
    if not isinstance(annotation, str):
        return annotation
    return eval(annotation, getattr(function_of(call), "__globals__", {}))  # noqa: S307 - the plug-in's own source text


@functools.lru_cache(maxsize=512)
def _adapter(plugin: Plugin) -> Any:
    from pydantic import ConfigDict, TypeAdapter
    from typing_extensions import TypedDict

    fields: dict[str, Any] = {}
    # a TypedDict, not a model: parameters called `schema` or `copy` would shadow a model's methods
    make: Any = TypedDict
    parameters = signature_of(plugin)
    try:
        for parameter in parameters:
            annotation = _evaluated(parameter.annotation, plugin.call)
            wrap = Required if parameter.default is parameter.empty else NotRequired
            fields[parameter.name] = wrap[annotation]
        schema = make(f"{plugin.name}_parameters", fields)
        schema.__pydantic_config__ = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
        return TypeAdapter(schema)
    except Exception as error:
        first = str(error).partition("\n")[0]
        raise BrokenPluginError(f"no schema can be made of the parameters of {plugin.name!r}: {first}") from error


def json_schema(plugin: Plugin, refs: str = "#/$defs/{model}") -> dict[str, Any]:
    """Return the JSON schema of a plug-in's parameters, with defaults.

    Args:
        plugin: whose.
        refs: where references to its own definitions point to.

    Raises:
        BrokenPluginError: where an annotation cannot be evaluated, or is not one of JSON's types.
    """
    try:
        schema: dict[str, Any] = _adapter(plugin).json_schema(ref_template=refs)
    except (TypeError, ValueError, RuntimeError) as error:
        raise BrokenPluginError(f"the parameters of {plugin.name!r} are not what a recipe can hold: {error}") from error
    for parameter in signature_of(plugin):
        if parameter.default is not parameter.empty:
            schema["properties"][parameter.name]["default"] = plain(parameter.default)
    schema.pop("title", None)
    return schema


def plain(value: Any) -> Any:
    """Return `value` as JSON has it: numpy's numbers and arrays, tuples and mappings become numbers, lists, dicts."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "dtype") and callable(getattr(value, "tolist", None)):
        return value.tolist()
    return value


NOTHING = "none"
"""How a TOML file, which has no null, says None."""


def _sent(plugin: Plugin, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return `params` as JSON has them, with "none" read as None where a parameter may be None but no text."""
    sent: dict[str, Any] = plain(params)
    if NOTHING in sent.values():
        for name, schema in json_schema(plugin)["properties"].items():
            if sent.get(name) == NOTHING and says_none(schema):
                sent[name] = None
    return sent


def says_none(schema: Mapping[str, Any]) -> bool:
    """Say whether a parameter of this JSON schema takes "none" for None: it may be None, and it cannot be a text."""
    options = schema.get("anyOf", ())
    text = any(option.get("type") == "string" and not {"enum", "const"} & set(option) for option in options)
    words = [word for option in options for word in (*option.get("enum", ()), option.get("const"))]
    return any(option.get("type") == "null" for option in options) and not text and NOTHING not in words


def problems_of(plugin: Plugin, params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (parameter, sentence) for every fault in `params`; empty where there is none."""
    from pydantic import ValidationError

    known = [parameter.name for parameter in signature_of(plugin)]
    problems: dict[str, list[str]] = {}
    try:
        # JSON mode, so that a TOML list serves a tuple while "80" still does not serve a number
        _adapter(plugin).validate_json(json.dumps(_sent(plugin, params)))
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            name = str(fault["loc"][0]) if fault["loc"] else ""
            problems.setdefault(name, []).append(_sentence(_whole(fault, params), name, known))
    except (TypeError, ValueError, RecursionError) as error:
        return [("", f"holds something that no recipe file could: {error}")]
    return [(name, _joined(sentences) + _example(plugin, name)) for name, sentences in problems.items()]


def _example(plugin: Plugin, name: str) -> str:
    """Return what the annotation of a parameter says of it (``annotated_types.doc``): what it is, by an example."""
    annotations = (item.annotation for item in signature_of(plugin) if item.name == name)
    metadata = (getattr(_evaluated(each, plugin.call), "__metadata__", ()) for each in annotations)
    told = [item.documentation for items in metadata for item in items if hasattr(item, "documentation")]
    return "".join(f". It is {text}" for text in told)


def _joined(sentences: list[str]) -> str:
    """Make one sentence of those that pydantic has for the options of a union: must be this or that."""
    options = [sentence.partition(" must be ") for sentence in sentences]
    if len(sentences) == 1 or not all(sign for _, sign, _ in options):
        return "; ".join(sentences)
    subject, (*_, last) = options[-1][0], options
    # the entries of a list have the same faults again and again
    wanted = dict.fromkeys(text.partition(", got ")[0] for _, _, text in options)
    both = " and " if all(text.startswith("in every place") for text in wanted) else " or "
    return f"{subject} must be {both.join(wanted)}, got {last[2].partition(', got ')[2]}"


def _whole(fault: Any, params: Mapping[str, Any]) -> Any:
    """Return a fault of an entry as one of its whole list, which a message can show."""
    name, *inner = fault["loc"] or ("",)
    if not any(isinstance(at, int) for at in inner):
        return fault
    kind = "wrong_length" if fault["type"] == "missing" else fault["type"]
    text = str(fault["msg"]).replace("Input should be", "must be in every place")
    if kind == "wrong_length":
        text = f"must have {inner[-1] + 1} entries at least"
    return {**fault, "type": kind, "msg": text, "input": params.get(str(name), fault["input"])}


def _sentence(fault: Any, name: str, known: list[str]) -> str:
    if fault["type"] == "extra_forbidden":
        takes = f" It takes: {', '.join(known)}." if known else " It takes no parameters."
        return f"{name!r} is not a parameter.{did_you_mean(name, known)}{takes}"
    if fault["type"] == "missing":
        return f"{name!r} must be given"
    if fault["type"] == "json_invalid":
        return f"holds something that no recipe file could: {fault['ctx']['error']}"
    if fault["type"] in {"too_long", "too_short"}:
        limit = fault["ctx"].get("max_length", fault["ctx"].get("min_length"))
        most = "most" if fault["type"] == "too_long" else "least"
        return f"{name!r} must be at {most} {limit} long, got {fault['input']!r}"
    wanted = str(fault["msg"]).replace("Input should be", "must be").replace("a valid array", "a list")
    choices = re.findall(r"'([^']*)'", fault["ctx"]["expected"]) if fault["type"] == "literal_error" else ()
    hint = did_you_mean(str(fault["input"]), choices)
    return f"{name!r} {wanted}, got {fault['input']!r}{'.' * bool(hint)}{hint}"


def settled(plugin: Plugin, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return every parameter with its value: as given, else its default; valid `params` only."""
    values = _adapter(plugin).validate_json(json.dumps(_sent(plugin, params)))
    return {parameter.name: values.get(parameter.name, parameter.default) for parameter in signature_of(plugin)}


_CALLED = {"targets": ", which is given the model's outputs, a row for each input, and returns numbers (n, t)"}
"""What a function of the user's own may have been taken for something else."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A plug-in with its parameters settled: what a recipe holds for each kind."""

    kind: str
    plugin: Plugin
    params: Mapping[str, Any]
    inline: bool = False

    @classmethod
    def of(
        cls, kind: str, plugin: Plugin, params: Mapping[str, Any], where: Callable[[str], str] = lambda _: ""
    ) -> "Stage":
        """Settle a plug-in's parameters.

        Args:
            kind: of the plug-in.
            plugin: it.
            params: those that are given.
            where: what the fault of a parameter begins with: where it was written.

        Raises:
            RecipeError: every fault of the parameters.
        """
        problems = problems_of(plugin, params)
        if problems:
            name = f"{kind.removesuffix('s')} {plugin.name!r}"
            raise RecipeError([f"{where(param)}{name}: {sentence}" for param, sentence in problems])
        return cls(kind, plugin, settled(plugin, params))

    @property
    def name(self) -> str:
        """The plug-in's name."""
        return self.plugin.name

    def __str__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"{self.kind.removesuffix('s')} {self.name}({inside})"

    def __call__(self, *data: Any, **trusted: bool) -> Any:
        """Call the plug-in on `data`; an exception in it gains a note that names this stage.

        Raises:
            MissingDependencyError: where one of the libraries in ``requires`` is not installed.
        """
        self.check_installed()
        with self.noted():
            return self.plugin.call(*data, **self.params, **trusted)

    def check_installed(self) -> None:
        """See that the libraries in ``requires`` are there; of a part ("cv2.ximgproc") the whole is imported to look.

        Raises:
            MissingDependencyError: with the line for pip.
        """
        for library in self.plugin.requires:
            if not is_installed(library):
                stage, package = f"{self.kind.removesuffix('s')} {self.name!r}", PACKAGES.get(library, library)
                raise MissingDependencyError(
                    f"{stage} needs {library!r}, which is not installed. Run: pip install {package}"
                )

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Name this stage in whatever goes wrong inside."""
        try:
            yield
        except LimefwError:
            raise
        except Exception as error:
            error.add_note(f"raised in {self}{_CALLED.get(self.kind, '') if self.inline else ''}")
            raise

    def to_mapping(self) -> dict[str, Any]:
        """Return ``{"use": name, parameter: value, ...}`` with every default written out."""
        if self.inline:
            return {"use": "inline", "function": self.name}
        return {"use": self.name, **{name: plain(value) for name, value in self.params.items()}}


def is_installed(library: str) -> bool:
    """Say whether a library can be imported, or a part of one."""
    try:
        return sys.modules.get(library) is not None or importlib.util.find_spec(library) is not None
    except ModuleNotFoundError:  # of "cv2.ximgproc" it is cv2 that is missing
        return False
