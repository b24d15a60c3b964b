"""Pages of the plug-ins: one for each kind, and a list of all."""

import inspect
import json

import limefw
from limefw.cli.plugins import Parameter, parameters
from limefw.discovery import Found
from limefw.hookspecs import KINDS
from limefw.stage import plain

from reference.docstrings import NOTE, body, cell, described, slug


def pages() -> dict[str, str]:
    """Return file name -> text."""
    own = {kind: [found for found in limefw.registry().all(kind) if _ours(found)] for kind in KINDS}
    return {
        "reference/plugins.md": _overview(own),
        **{f"reference/plugins/{kind}.md": _page(kind, plugins) for kind, plugins in own.items()},
    }


def _ours(found: Found) -> bool:
    return found.provider.distribution == "limefw"


def _overview(own: dict[str, list[Found]]) -> str:
    parts = [
        NOTE,
        "# Plug-ins\n\nWhat comes with limefw, in the order in which an explanation meets it. `limefw plugins`",
    ]
    parts.append(" lists what is\ninstalled on your machine, others' plug-ins included.\n")
    for kind, plugins in own.items():
        parts.append(f"\n## [{kind.capitalize()}](plugins/{kind}.md)\n\n")
        if not plugins:
            parts.append(f"None yet: [how to write one](../how-to/hooks/{kind}.md).\n")
            continue
        parts.append("| name | for | what it does |\n|---|---|---|\n")
        for found in plugins:
            name, meant = found.plugin.name, found.plugin.modality or "any"
            parts.append(f"| [`{name}`](plugins/{kind}.md#{slug(name)}) | {meant} | {cell(found.plugin.summary)} |\n")
    parts.append("\n## [Recipes](recipes.md)\n\n")
    parts += [f"- [`{name}`](recipes.md#{slug(name)})\n" for name in limefw.registry().recipes()]
    parts += ["\n```{toctree}\n:hidden:\n\n", *(f"plugins/{kind}\n" for kind in own), "```\n"]
    return "".join(parts)


def _page(kind: str, plugins: list[Found]) -> str:
    how = f"[How to write one](../../how-to/hooks/{kind}.md)."
    parts = [NOTE, f"# {kind.capitalize()}\n\n", how if plugins else f"None comes with limefw yet. {how}", "\n"]
    return "".join([*parts, *(_plugin(found) for found in plugins)])


def _plugin(found: Found) -> str:
    plugin = found.plugin
    lines = [f"\n## `{plugin.name}`\n\n{body(plugin.call)}\n"]
    if plugin.modality is not None:
        lines.append(f"\nFor instances of modality `{plugin.modality}`.\n")
    if plugin.requires:
        lines.append(f"\nNeeds: {', '.join(f'`{library}`' for library in plugin.requires)}.\n")
    meanings = described(inspect.getdoc(plugin.call) or "")
    table = [
        f"| {_name(item)} | {cell(_takes(item))} | {cell(meanings.get(item.name, ''))} |\n"
        for item in parameters(plugin)
    ]
    if table:
        lines += ["\n| parameter | takes | meaning |\n|---|---|---|\n", *table]
    return "".join(lines)


def _name(item: Parameter) -> str:
    return f"`{item.name}`" + (", required" if item.required else f" = `{json.dumps(plain(item.default))}`")


def _takes(item: Parameter) -> str:
    """Return type and range, as "integer >= 2", "integer or none: >= 2" or "one of ..."."""
    several = " or " in item.type and item.range
    return f"{item.type}{':' * bool(several)} {item.range}".strip()
