"""What several commands share: their options, and what a path or a model on the command line means."""

import functools
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import click

from limefw.cli._terminal import say
from limefw.errors import UnknownPluginError, did_you_mean


Command = TypeVar("Command", bound=Callable[..., Any])
_state = {"debug": False}


def debug() -> bool:
    """Say whether --debug was given."""
    return _state["debug"]


def _set_debug(_context: click.Context, _option: click.Parameter, value: bool) -> None:  # noqa: FBT001
    _state["debug"] = _state["debug"] or value


def with_debug(command: Command) -> Command:
    """Add --debug."""
    option = click.option(
        "--debug", is_flag=True, expose_value=False, callback=_set_debug, help="Show the whole traceback of an error."
    )
    return option(command)


def _samples(text: str) -> int | str:
    """Return a number of samples, or "auto"."""
    if text == "auto":
        return text
    try:
        return int(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is neither a whole number nor auto") from error


def with_samples(command: Command) -> Command:
    """Add --samples."""
    text = "How many perturbed inputs the model may be shown; auto: until the five strongest segments are stable."
    return click.option("--samples", "-n", type=_samples, metavar="NUMBER|auto", help=text)(command)


def with_cache(command: Command) -> Command:
    """Add --cache."""
    text = "Keep what the model says there, and never ask it the same twice; auto: the user's own cache folder."
    return click.option("--cache", "where", metavar="FOLDER|auto", help=text)(command)


@contextmanager
def caching(where: str | None) -> Iterator[Any]:
    """Give the cache that --cache names, or None; at the end say how much came from it."""
    if where is None:
        yield None
        return
    from limefw.caching.disk import PredictionCache

    with warnings_told(), PredictionCache(None if where == "auto" else where) as cache:
        try:
            yield cache
        finally:
            say(_served(cache))


def _served(cache: Any) -> str:
    asked = cache.hits + cache.misses
    if asked:
        return f"{cache.hits:,} of {asked:,} rows came from the cache {cache.path.parent}"
    return (
        "nothing was looked up in the cache: what the model is, or what it is shown, is told by nothing that lasts. A "
        "model from a file is known, and in Python one with a name (limefw.model(..., model_id=...))"
    )


@contextmanager
def warnings_told() -> Iterator[None]:
    """Print what a cache warns of as a sentence."""
    from limefw.caching.disk import CacheWarning

    with warnings.catch_warnings():
        warnings.simplefilter("always", CacheWarning)
        shown = warnings.showwarning

        def show(message: Any, category: Any, *rest: Any, **more: Any) -> None:
            if issubclass(category, CacheWarning):
                say(f"Warning: {message}")
            else:
                shown(message, category, *rest, **more)

        warnings.showwarning = show
        yield


@dataclass(frozen=True, slots=True)
class Request:
    """What is explained, by which model and recipe.

    Args:
        path: of the picture, text or table.
        text: given on the command line instead of a file, or None.
        model: a file, ``module:function`` or None: the recipe's, or the embedded one.
        classes: a file of class names, or None.
        trust: the model file may run code.
        recipe: a name or a file; None: the one for what is explained.
        settings: each ``key=value``, on top of the recipe.
    """

    path: Path
    text: str | None
    model: str | None
    classes: Path | None
    trust: bool
    recipe: str | None
    settings: tuple[str, ...]

    @property
    def source(self) -> Path | str:
        """What is explained: the text, or the path of a file."""
        return self.path if self.text is None else self.text

    @property
    def inputs(self) -> tuple[Path, ...]:
        """The files that are named here: what this command reads, and so must not overwrite."""
        model = self.model or ""
        said = [model, model.partition("@")[2], self.recipe or "", *(text.partition("=")[2] for text in self.settings)]
        named = [Path(word) for word in said if os.path.isfile(word)]  # noqa: PTH113
        return (*([self.path] if self.text is None else []), *([self.classes] if self.classes else []), *named)


def with_model(request: Request, model: str) -> Request:
    """Return a request for another model; class names that were given are its own too."""
    return replace(request, model=model)


def with_request(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what is explained, by which model and recipe; they come as one Request, put first."""

    @functools.wraps(command)
    def asked(
        *,
        image: Path | None,
        sample: bool,
        text: str | None,
        model: str | None,
        classes: Path | None,
        trust: bool,
        recipe: str | None,
        settings: tuple[str, ...],
        **own: Any,
    ) -> Any:
        path = _picture(image, sample=sample, text=text)
        return command(Request(path, text, model, classes, trust, recipe, settings), **own)

    return _with_options(asked, click.argument("image", type=click.Path(path_type=Path), required=False))


def with_requests(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the same options for any number of images; they come as a list of Requests, put first."""

    @functools.wraps(command)
    def asked(
        *,
        image: tuple[Path, ...],
        sample: bool,
        text: str | None,
        model: str | None,
        classes: Path | None,
        trust: bool,
        recipe: str | None,
        settings: tuple[str, ...],
        **own: Any,
    ) -> Any:
        paths = [_picture(one, sample=sample, text=text) for one in image or (None,)]
        return command([Request(path, text, model, classes, trust, recipe, settings) for path in paths], **own)

    return _with_options(asked, click.argument("image", type=click.Path(path_type=Path), nargs=-1))


def _with_options(asked: Callable[..., Any], what: Callable[..., Any]) -> Callable[..., Any]:
    """Add an argument, and the options that say by which model and recipe it is explained."""
    options = [
        what,
        click.option("--sample", is_flag=True, help="Take the photograph that comes along: a cat."),
        click.option("--text", metavar="TEXT", help="Explain this text; one in a file (.txt, .md, ...) by its name."),
        click.option(
            "--model", "-m", metavar="FILE|MODULE:FUNCTION[@WEIGHTS]", help="Default: the embedded EfficientNet-Lite0."
        ),
        click.option("--classes", type=click.Path(path_type=Path), help="Class names: one a line, or JSON."),
        click.option("--trust", is_flag=True, help="Load a model file that can run code: where you know who made it."),
        click.option(
            "--recipe", "-r", metavar="NAME|FILE", help="What to do. Default: quick for images, text for texts, ..."
        ),
        click.option("--set", "-s", "settings", multiple=True, metavar="KEY=VALUE", help="E.g. segmenter.use=slic"),
    ]
    for option in reversed(options):
        asked = option(asked)
    return asked


def _picture(image: Path | None, *, sample: bool, text: str | None) -> Path:
    """Return the file meant; of a text the name by which files are called that hold its explanation.

    Raises:
        click.UsageError: where none or two are.
    """
    if sample and image is not None:
        raise click.UsageError("give an image or --sample, not both")
    if text is not None:
        if sample or image is not None:
            raise click.UsageError("give a file, --text or --sample, and one of them alone")
        return Path("text")
    if image is not None:
        return image
    if not sample:
        raise click.UsageError(
            "which image? Give a file, --sample for the photograph that comes along, or --text for a text"
        )
    import limefw

    found: Path = limefw.sample()
    return found


def kind_of(word: str, kinds: Sequence[str]) -> str:
    """Return the kind that a word names, in singular or plural.

    Raises:
        UnknownPluginError: none; with a suggestion.
    """
    kind = word if word in kinds else f"{word}s"
    if kind not in kinds:
        hint = did_you_mean(word, kinds)
        raise UnknownPluginError([f"no kind of plug-in named {word!r}.{hint} There are: {', '.join(kinds)}."])
    return kind


def overrides(settings: Sequence[str], **own: Any) -> dict[str, Any]:
    """Put --set and a command's own options (where given) together."""
    from limefw.cli.recipe_forms import parse_override
    from limefw.recipe import merge

    given = {key: value for key, value in own.items() if value not in (None, ())}
    return functools.reduce(merge, [*(parse_override(text) for text in settings), given], {})


def load_recipe(request: Request, source: Any, given: Mapping[str, Any]) -> Any:
    """Return the settled recipe for what is explained, with `given` on top."""
    import limefw
    from limefw.pipeline import recipe_for

    given = with_adapter(request, given)
    if request.recipe is not None:
        return limefw.build(request.recipe, **given)
    return recipe_for(source, given)


def with_adapter(request: Request, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Name the adapter that takes --model's model where it is given settings, and neither they nor the recipe say it.

    A recipe checks settings by their plug-in, and knows no model that would tell which that is.
    """
    import limefw
    from limefw.inputs.loading import adapter_name

    own = given.get("model")
    if request.model is None or not isinstance(own, Mapping) or own.get("use", "auto") != "auto":
        return given
    if "use" not in own and request.recipe is not None and "model" in limefw.build(request.recipe).stages:
        return given
    source = _source_of(request)
    with _current_folder_first(source):
        return {**given, "model": {**own, "use": adapter_name(source)}}


def _source_of(request: Request) -> str | None:
    return None if request.model == "embedded" else request.model


def modality_of(source: Any, recipe: Any) -> str:
    """Return the modality of what is explained, by its recipe or its reader; "image" where only reading would tell."""
    import limefw
    from limefw.inputs.loading import modality_of as told

    meant = recipe.stages["segmenter"].plugin.modality
    return meant or told(source, recipe.stages.get("reader"), limefw.registry()) or "image"


def load_model(request: Request, recipe: Any) -> Any:
    """Load the model meant, by the recipe's adapter; ``module:function`` is looked for in the current folder too."""
    import limefw
    from limefw.inputs.labels import names_in

    adapter = recipe.stages.get("model")
    use = adapter.to_mapping() if adapter else "auto"
    source = _source_of(request)
    names = None if request.classes is None else names_in(request.classes)
    with _current_folder_first(source):
        return limefw.model(source, use=use, classes=names, trust=request.trust)


def load_target(name: str | None) -> Any:
    """Return the function that ``module:function`` names, and a plug-in's name or None as it is."""
    from limefw.inputs.loading import imported, names_function

    if name is None or not names_function(name):
        return name
    with _current_folder_first(name):
        return imported(name, "target")


@contextmanager
def _current_folder_first(name: str | None) -> Iterator[None]:
    """Look for the module of a ``module:function`` in the current folder, as ``python -m`` would, and no longer."""
    module, colon, function = (name or "").partition("@")[0].partition(":")
    if not colon or not all(part.isidentifier() for part in f"{module}.{function}".split(".")):
        yield
        return
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        yield
    finally:
        with suppress(ValueError):
            sys.path.remove(here)
