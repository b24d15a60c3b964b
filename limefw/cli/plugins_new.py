"""``limefw plugins new``: write a distribution with one plug-in that works and a test that checks it."""

import ast
import builtins
import keyword
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

import click

from limefw.cli import _common, _terminal


MARK = "my_plugin"
"""What the plug-in is called in the modules of limefw/data/new."""


@dataclass(frozen=True, slots=True)
class _About:
    """What differs from kind to kind beside the module itself.

    Args:
        parameter: the one that the function takes.
        other: a value of it that the test tries, as source text.
        use: how it is used, as a shell command.
        source: a file that readers and models are called with, as source text that makes an array.
    """

    parameter: str
    other: str
    use: str
    source: str = ""


ABOUT = {
    "readers": _About("white", "1.0", "limefw explain picture.npy", "rng.random((24, 32, 3)) * 255"),
    "segmenters": _About("count", "3", "limefw explain --sample -s segmenter=$name"),
    "samplers": _About("keep", "0.8", "limefw explain --sample -s sampler=$name"),
    "fillers": _About("level", "0.0", "limefw explain --sample -s filler=$name"),
    "models": _About("temperature", "2.0", "limefw explain --sample -m weights.npy", "rng.normal(size=(3, 4))"),
    "targets": _About("floor", "0.01", "limefw explain --sample -s target=$name"),
    "kernels": _About("width", "0.1", "limefw explain --sample -s kernel=$name"),
    "selectors": _About("count", "3", "limefw explain --sample -s selector=$name"),
    "surrogates": _About("penalty", "1.0", "limefw explain --sample -s surrogate=$name"),
    "methods": _About("blend", "0.5", "limefw explain --sample -s method=$name"),
    "renderers": _About("top", "3", "limefw explain --sample -f $name"),
    "metrics": _About("top", "3", "limefw plugins metrics $name"),
}

PROJECT = Template("""\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "$distribution"
version = "0.1.0"
description = "A $kind for limefw: $name."
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["limefw", "numpy", "annotated-types"]

[project.optional-dependencies]
test = ["pytest"]

[project.entry-points.limefw]
$name = "$module"

[tool.hatch.build.targets.wheel]
only-include = ["$module.py"]
""")

README = Template("""\
# $distribution

A $kind for [limefw](https://pypi.org/project/limefw/): `$name`.

    pip install -e '.[test]'
    pytest
    $use

Its function is in `$module.py`. `limefw plugins $kinds $name` shows its parameters, and
`limefw plugins check $kinds $name` whether it keeps what a $kind promises. In a recipe:
`{ use = "$name", $parameter = $other }`.

`$parameter` is the parameter that it was made with. Where you change the parameters, change SETTINGS in
`tests/test_$name.py` and the line above with them.
""")

TEST = Template('''\
"""$name keeps what every $kind promises, and what it promises itself."""

import pytest
from limefw.testing import check_plugin

# what it is tried with, {} being the defaults: change these with the parameters of the function
SETTINGS = [{}, {"$parameter": $other}]


@pytest.mark.parametrize("params", SETTINGS)
def test_it_keeps_what_a_${kind}_promises(params: dict[str, float]) -> None:
    check_plugin("$kinds", "$name", params=params)
''')

TEST_WITH_SOURCE = Template('''\
"""$name keeps what every $kind promises, and what it promises itself."""

from pathlib import Path

import numpy as np
import pytest
from limefw.testing import check_plugin

# what it is tried with, {} being the defaults: change these with the parameters of the function
SETTINGS = [{}, {"$parameter": $other}]


@pytest.mark.parametrize("params", SETTINGS)
def test_it_keeps_what_a_${kind}_promises(params: dict[str, float], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.save(tmp_path / "source.npy", $source)
    check_plugin("$kinds", "$name", params=params, source=tmp_path / "source.npy")
''')


@click.command()
@click.argument("kind")
@click.argument("name")
@_common.with_debug
def new(kind: str, name: str) -> None:
    """Write a distribution with one plug-in of a KIND into the new folder NAME.

    It works as it is: change its function, and keep its test passing; where you change the parameters, change the
    SETTINGS in its test with them.
    """
    import limefw
    from limefw.hookspecs import KINDS

    if kind in ("recipe", "recipes"):
        raise click.UsageError(f"a recipe is a file: limefw recipe show lime > {name}.toml, then --recipe {name}.toml")
    kind = _common.kind_of(kind, KINDS)
    texts = distribution(kind, name)
    folder = Path(name)
    if folder.exists():
        raise click.UsageError(f"{folder} is there already: nothing was written")
    if name in limefw.registry().names(kind):
        provider = limefw.registry().lookup(kind, name).provider
        raise click.UsageError(f"{kind.removesuffix('s')} {name!r} is provided by {provider}: choose another name")
    for path, text in texts.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
        _terminal.say(f"wrote {target}")
    use = Template(ABOUT[kind].use).substitute(name=name)
    click.echo(f"Next:\n  pip install -e '{name}[test]'\n  pytest {name}\n  {use}")


def distribution(kind: str, name: str) -> dict[str, str]:
    """Return the files of a new distribution, by their paths in its folder.

    Raises:
        UsageError: the name cannot be a function's and a plug-in's.
    """
    code = (files("limefw") / "data" / "new" / f"{kind}.py").read_text(encoding="utf-8")
    code = code.replace("\n\nfrom limefw import", "\nfrom limefw import")  # a third party's there, our own here
    _check_name(name, _words(code))
    about = ABOUT[kind]
    words = {
        "name": name,
        "module": f"limefw_{name}",
        "distribution": f"limefw-{name.replace('_', '-')}",
        "kind": kind.removesuffix("s"),
        "kinds": kind,
        "parameter": about.parameter,
        "other": about.other,
        "source": about.source,
        "use": Template(about.use).substitute(name=name),
    }
    return {
        "pyproject.toml": PROJECT.substitute(words),
        "README.md": README.substitute(words),
        f"{words['module']}.py": code.replace(MARK, name),
        f"tests/test_{name}.py": (TEST_WITH_SOURCE if about.source else TEST).substitute(words),
    }


def _words(code: str) -> set[str]:
    """Return every name that a module makes or uses."""
    nodes = list(ast.walk(ast.parse(code)))
    imported = {
        item.asname or item.name
        for node in nodes
        if isinstance(node, ast.ImportFrom | ast.Import)
        for item in node.names
    }
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    return imported | used | {node.arg for node in nodes if isinstance(node, ast.arg)}


def _check_name(name: str, taken: set[str]) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise click.UsageError(f"{name!r} cannot be its name: use a-z, 0-9 and single '_' between them, a letter first")
    if name == "auto" or keyword.iskeyword(name) or name in dir(builtins) or name in taken:
        raise click.UsageError(f"{name!r} cannot be its name: the word is taken in its module. Choose another")
