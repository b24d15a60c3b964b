"""Write docs/reference/plugins.md and errors.md from the code; ``--check`` fails where they are stale."""

import argparse
import inspect
import json
import sys
from pathlib import Path

import limefw
from limefw import errors
from limefw.discovery import Found
from limefw.hookspecs import KINDS
from limefw.stage import parameters


HERE = Path(__file__).parent.parent / "docs" / "reference"
NOTE = "<!-- Written by scripts/make_reference.py: change the docstrings, then run `poe docs`. -->\n\n"


def main() -> int:
    """Write or check every page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--check", action="store_true")
    check = options.parse_args().check
    stale = []
    for name, text in {"plugins.md": plugins_page(), "errors.md": errors_page()}.items():
        path = HERE / name
        if check and (not path.exists() or path.read_text(encoding="utf-8") != text):
            stale.append(name)
        if not check:
            path.write_text(text, encoding="utf-8")
    if stale:
        sys.stderr.write(f"stale: {', '.join(stale)}. Run: poe docs\n")
    return 1 if stale else 0


def plugins_page() -> str:
    """Return the reference of all of limefw's own plug-ins and recipes."""
    known = limefw.registry()
    parts = [NOTE, "# Plug-ins\n"]
    for kind in KINDS:
        own = [found for found in known.all(kind) if found.provider.distribution == "limefw"]
        if own:
            parts.append(f"\n## {kind.capitalize()}\n")
            parts += [_plugin(found) for found in own]
    parts.append("\n## Recipes\n")
    for name, path in known.recipes().items():
        parts.append(f"\n### `{name}`\n\n```toml\n{path.read_text(encoding='utf-8')}```\n")
    return "".join(parts)


def _plugin(found: Found) -> str:
    plugin = found.plugin
    text = "\n".join(_body(inspect.getdoc(plugin.call) or ""))
    lines = [f"\n### `{plugin.name}`\n\n{text.strip()}\n"]
    if plugin.requires:
        lines.append(f"\nNeeds: {', '.join(f'`{library}`' for library in plugin.requires)}.\n")
    described = _descriptions(inspect.getdoc(plugin.call) or "")
    table = [
        f"| `{item.name}` | {item.type} | {'required' if item.required else f'`{json.dumps(item.default)}`'} "
        f"| {item.range.replace('|', ' or ')} | {described.get(item.name, '')} |\n"
        for item in parameters(plugin)
    ]
    if table:
        lines += ["\n| parameter | type | default | range | meaning |\n|---|---|---|---|---|\n", *table]
    return "".join(lines)


def _body(docstring: str) -> list[str]:
    """Return the lines before the first section."""
    lines = docstring.splitlines()
    heads = [at for at, line in enumerate(lines) if line.strip() in ("Args:", "Returns:", "Raises:")]
    return lines[: heads[0]] if heads else lines


def _descriptions(docstring: str) -> dict[str, str]:
    """Return parameter -> what its docstring says of it."""
    found: dict[str, str] = {}
    inside, name = False, ""
    for line in docstring.splitlines():
        if not line.startswith(" "):
            inside = line.strip() == "Args:" or (inside and not line.strip())
            continue
        if inside and line.startswith("    ") and not line.startswith("     ") and ": " in line:
            name, _, text = line.strip().partition(": ")
            found[name] = text
        elif inside and name:
            found[name] += " " + line.strip()
    return found


def errors_page() -> str:
    """Return the reference of errors."""
    parts = [NOTE, "# Errors\n\n```text\n", inspect.getdoc(errors) or "", "\n```\n"]
    for name, value in vars(errors).items():
        if inspect.isclass(value) and issubclass(value, errors.LimefwError):
            parts.append(f"\n## `{name}`\n\n{inspect.getdoc(value)}\n")
    return "".join(parts)


if __name__ == "__main__":
    sys.exit(main())
