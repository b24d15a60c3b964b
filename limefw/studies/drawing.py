"""Drawing what is made of many explanations, by renderers of a modality of its own ("overview", "comparison")."""

from collections.abc import Mapping
from typing import Any

from limefw import contracts
from limefw.discovery import registry
from limefw.errors import LimefwError, RecipeError
from limefw.stage import Stage
from limefw.types import Rendering


def draw(made: Any, renderer: str | Mapping[str, Any], modality: str, default: str) -> Rendering:
    """Draw with a renderer of a modality: its name, the modality left out or not, or ``{"use": name, ...}``.

    Raises:
        RecipeError: it is neither a name nor a mapping, or its parameters are wrong.
        LimefwError: it draws something else; those that do not are named.
    """
    if not isinstance(renderer, str | Mapping):
        raise RecipeError([f'a renderer is a name, or a mapping that has "use", got {renderer!r}'])
    mapping = {"use": renderer} if isinstance(renderer, str) else dict(renderer)
    plugin = registry().suited("renderers", str(mapping.pop("use", default)), modality)
    if plugin.modality != modality:
        own = [one.plugin.name for one in registry().all("renderers") if one.plugin.modality == modality]
        names = ", ".join(repr(name.removeprefix(f"{modality}_")) for name in own)
        raise LimefwError(f"renderer {plugin.name!r} draws one explanation; those of a whole {modality}: {names}")
    stage = Stage.of("renderers", plugin, mapping)
    return contracts.check_rendering(stage(made), stage)
