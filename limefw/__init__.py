"""limefw explains single predictions of any model, from plug-ins chosen by config.

Public names are resolved on first use (PEP 562): ``import limefw`` by itself loads no numpy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from limefw.caching.disk import PredictionCache as PredictionCache
    from limefw.comparison.result import Comparison as Comparison
    from limefw.comparison.run import compare as compare
    from limefw.discovery import Registry as Registry
    from limefw.discovery import plugin as plugin
    from limefw.discovery import registry as registry
    from limefw.errors import ContractError as ContractError
    from limefw.errors import InputError as InputError
    from limefw.errors import LabelError as LabelError
    from limefw.errors import LimefwError as LimefwError
    from limefw.errors import MissingDependencyError as MissingDependencyError
    from limefw.errors import ModelError as ModelError
    from limefw.errors import PluginError as PluginError
    from limefw.errors import RecipeError as RecipeError
    from limefw.errors import StoreError as StoreError
    from limefw.errors import UnknownPluginError as UnknownPluginError
    from limefw.errors import UntrustedError as UntrustedError
    from limefw.evaluation.result import Evaluation as Evaluation
    from limefw.evaluation.run import evaluate as evaluate
    from limefw.hookspecs import hookimpl as hookimpl
    from limefw.inputs.loading import model as model
    from limefw.modalities.compose import PixelComposer as PixelComposer
    from limefw.modalities.compose import mean_colors as mean_colors
    from limefw.modalities.image import Image as Image
    from limefw.modalities.series import Series as Series
    from limefw.modalities.series import SeriesComposer as SeriesComposer
    from limefw.modalities.table import Row as Row
    from limefw.modalities.table import Table as Table
    from limefw.modalities.table_bins import Bins as Bins
    from limefw.modalities.table_bins import RowComposer as RowComposer
    from limefw.modalities.text import Text as Text
    from limefw.modalities.text import TextComposer as TextComposer
    from limefw.modalities.text import by_tokens as by_tokens
    from limefw.pipeline import Explainer as Explainer
    from limefw.pipeline import explain as explain
    from limefw.recipe import Recipe as Recipe
    from limefw.results.explanation import Explanation as Explanation
    from limefw.results.loaded import load as load
    from limefw.stage import Figure as Figure
    from limefw.stage import Plugin as Plugin
    from limefw.studies.kernel_width import tune_kernel_width as tune_kernel_width
    from limefw.studies.many import explain_many as explain_many
    from limefw.studies.overview import Overview as Overview
    from limefw.studies.overview import overview as overview
    from limefw.studies.pick import Picked as Picked
    from limefw.studies.pick import pick as pick
    from limefw.studies.planning import Plan as Plan
    from limefw.studies.planning import plan as plan
    from limefw.types import Contract as Contract
    from limefw.types import Draws as Draws
    from limefw.types import Fit as Fit
    from limefw.types import Head as Head
    from limefw.types import Model as Model
    from limefw.types import Neighbourhood as Neighbourhood
    from limefw.types import Rendering as Rendering
    from limefw.types import Segments as Segments

__version__ = "0.1.0"

_HOMES = {
    "limefw.caching.disk": ("PredictionCache",),
    "limefw.modalities.compose": ("PixelComposer", "mean_colors"),
    "limefw.modalities.image": ("Image",),
    "limefw.errors": (
        "ContractError", "InputError", "LabelError", "LimefwError", "MissingDependencyError", "ModelError",
        "PluginError", "RecipeError", "StoreError", "UnknownPluginError", "UntrustedError",
    ),
    "limefw.comparison.result": ("Comparison",),
    "limefw.comparison.run": ("compare",),
    "limefw.evaluation.result": ("Evaluation",),
    "limefw.evaluation.run": ("evaluate",),
    "limefw.pipeline": ("Explainer", "explain"),
    "limefw.results.explanation": ("Explanation",),
    "limefw.results.loaded": ("load",),
    "limefw.hookspecs": ("hookimpl",),
    "limefw.inputs.loading": ("model",),
    "limefw.studies.kernel_width": ("tune_kernel_width",),
    "limefw.studies.many": ("explain_many",),
    "limefw.studies.overview": ("Overview", "overview"),
    "limefw.studies.pick": ("Picked", "pick"),
    "limefw.studies.planning": ("Plan", "plan"),
    "limefw.modalities.text": ("Text", "TextComposer", "by_tokens"),
    "limefw.modalities.series": ("Series", "SeriesComposer"),
    "limefw.modalities.table": ("Row", "Table"),
    "limefw.modalities.table_bins": ("Bins", "RowComposer"),
    "limefw.stage": ("Figure", "Plugin"),
    "limefw.recipe": ("Recipe",),
    "limefw.discovery": ("Registry", "plugin", "registry"),
    "limefw.types": (
        "Contract", "Draws", "Fit", "Head", "Model", "Neighbourhood", "Rendering", "Segments",
    ),
}  # fmt: skip
_WHERE = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["__version__", "build", "sample", *sorted(_WHERE)]  # noqa: PLE0604 - built from the table above


def build(source: Any = "lime", /, **settings: Any) -> "Recipe":
    """Return a settled recipe: a name, a file or a plain mapping (from Hydra, Kedro, Lightning), with settings on top.

    Raises:
        RecipeError: every fault at once.
    """
    from limefw import recipe
    from limefw.discovery import registry as default

    return recipe.build(source, registry=default(), overrides=settings)


def sample() -> Any:
    """Return the path of the photograph that comes along: chelsea the cat (CC0, see limefw/data/NOTICE.txt)."""
    from importlib.resources import files
    from pathlib import Path

    return Path(str(files("limefw") / "data" / "chelsea.jpg"))


def __getattr__(name: str) -> Any:
    home = _WHERE.get(name)
    if home is None:
        raise AttributeError(f"module 'limefw' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
