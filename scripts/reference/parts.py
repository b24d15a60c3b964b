"""Generated parts of written pages."""

import builtins
import contextlib
import inspect
import io
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import limefw
from limefw import cli, contracts, errors, hookspecs
from limefw.errors import LimefwError
from limefw.testing import check_plugin

from reference.docstrings import slug


DOCS = Path(__file__).parents[2] / "docs"
MARK = re.compile(r"(<!-- made: ([^>]*?) -->\n).*?(<!-- end -->)", re.DOTALL)
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)

CONTRACTS: dict[str, Callable[..., Any]] = {
    "readers": contracts.check_instance,
    "segmenters": contracts.check_segments,
    "samplers": contracts.check_draws,
    "fillers": contracts.check_composer,
    "models": contracts.check_model,
    "targets": contracts.check_target,
    "kernels": contracts.check_weights,
    "selectors": contracts.check_columns,
    "surrogates": contracts.check_fits,
    "methods": contracts.check_fits,
    "renderers": contracts.check_rendering,
    "metrics": contracts.check_metrics,
}


def pages() -> dict[str, str]:
    """Return the text of every written page that has generated parts."""
    found = {}
    for path in sorted(DOCS.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        if "<!-- made: " in text:
            found[str(path.relative_to(DOCS))] = filled(text)
    return found


def filled(text: str) -> str:
    """Return a page with its generated parts made anew."""
    return MARK.sub(lambda found: f"{found[1]}{_make(found[2].split(), text[: found.start()])}{found[3]}", text)


def _make(words: list[str], before: str) -> str:
    what, *arguments = words
    return _PARTS[what](*arguments) if what != "message" else _message(before)


def call(hook: str) -> str:
    """How plug-ins of a kind are called."""
    return f"```text\n{_call(hook)}\n```\n"


def _call(hook: str) -> str:
    """Return it as the hook's docstring has it."""
    line = re.search(r"``(call\(.*?)``", " ".join(_spec(hook).split()))
    if line is None:
        raise ValueError(f"the docstring of limefw_{hook} says no ``call(...)``")
    return line[1]


def said(hook: str) -> str:
    """What a hook's docstring says between its first sentence and its example."""
    paragraphs = _spec(hook).split("\n\n")
    return "\n\n".join(text for text in paragraphs[1:] if not text.startswith("    ")) + "\n"


def example(hook: str) -> str:
    """The whole module that a hook's docstring shows."""
    command = [sys.executable, "-m", "ruff", "format", "--quiet", "--stdin-filename", str(DOCS / "example.py"), "-"]
    made = subprocess.run(command, input=example_of(hook), capture_output=True, text=True, check=True, encoding="utf-8")
    return f"```python\n{made.stdout}```\n"


def example_of(hook: str) -> str:
    """Return the code in a hook's docstring."""
    lines = [line[4:] for line in _spec(hook).splitlines() if line.startswith("    ") or not line]
    return "\n".join(lines).strip().replace("'''", '"""') + "\n"


def contract(kind: str) -> str:
    """What must come back, and what the kit looks at."""
    must = (inspect.getdoc(CONTRACTS[kind]) or "").partition("\n")[0]
    looks = textwrap.fill(f"What `check_plugin` looks at: {', '.join(_checks(kind))}.", 120)
    return f"What must come back: {must[0].lower()}{must[1:]}\n\n{looks}\n"


def _checks(kind: str) -> tuple[str, ...]:
    """Run the kit on the hook's own example and return the names of the checks."""
    with _elsewhere() as folder:
        # a real module: the kit looks at how it is imported, too
        (folder / f"example_{kind}.py").write_text(example_of(kind), encoding="utf-8")
        sys.path.insert(0, str(folder))
        try:
            (record,) = getattr(import_module(f"example_{kind}"), f"limefw_{kind}")()
            return check_plugin(kind, record, source=_source(kind, folder)).checks
        finally:
            sys.path.remove(str(folder))


def _source(kind: str, folder: Path) -> Path | None:
    import numpy as np

    shape = {"readers": (12, 10, 3), "models": (3, 4)}.get(kind)
    if shape is None:
        return None
    np.save(folder / "x.npy", np.random.default_rng(0).random(shape))
    return folder / "x.npy"


def kinds(folder: str = "") -> str:
    """A row for each kind: its page and how its plug-ins are called."""
    rows = [f"| [{kind}]({folder}{kind}.md) | `{_call(kind)}` |\n" for kind in hookspecs.KINDS]
    rows.append(f"| [recipes]({folder}recipes.md) | yields `(name, path of a TOML file)` |\n")
    rows.append(f"| [life-cycle]({folder}life-cycle.md) | told of every stage and every explanation |\n")
    return "".join(["| kind | call |\n|---|---|\n", *rows])


def own(kind: str) -> str:
    """Links to limefw's plug-ins of a kind."""
    page = f"../../reference/plugins/{kind}.md"
    names = [found.plugin.name for found in limefw.registry().all(kind)]
    links = ", ".join(f"[`{name}`]({page}#{slug(name)})" for name in names)
    return (
        f"{textwrap.fill(f'Those that come with limefw: {links}.', 120, break_on_hyphens=False)}\n"
        if names
        else "None comes with limefw yet.\n"
    )


def tree() -> str:
    """The tree of errors, as its module draws it."""
    lines = (inspect.getdoc(errors) or "").splitlines()
    # what each is beside stands in its section
    drawn = [re.sub(r"\s+\(\w+\)$", "", line[4:]) for line in lines if line.startswith("    ")]
    return "```text\n" + "\n".join(drawn) + "\n```\n"


def error(name: str) -> str:
    """One error: what it says, what else it is, and how a command ends that meets it."""
    kind = getattr(errors, name)
    builtin = {base.__name__ for above in kind.__mro__ for base in above.__bases__ if base.__module__ == "builtins"}
    builtin -= {"Exception", "object"} | {base.__name__ for base in Exception.__mro__}
    builtin -= {base.__name__ for name in builtin for base in getattr(builtins, name).__mro__[1:]}
    code = 2 if issubclass(kind, cli.ASKED_FOR) else 1
    also = f" Also a {' and a '.join(f'`{name}`' for name in sorted(builtin))}." if builtin else ""
    return f"{inspect.getdoc(kind)}{also} Exit code {code}.\n"


def recipe(name: str) -> str:
    """The file of a recipe."""
    return f"```toml\n{limefw.registry().recipes()[name].read_text(encoding='utf-8')}```\n"


def recipes() -> str:
    """The files of all recipes."""
    return "".join(f"\n### `{name}`\n\n{recipe(name)}" for name in limefw.registry().recipes()) + "\n"


def _message(before: str) -> str:
    """Run the page's first block and the last before this place, which must raise; show what it says."""
    blocks, wanted = PYTHON.findall(before), re.findall(r"^## (\w+)", before, re.MULTILINE)[-1]
    raised = provoked(blocks[0], blocks[-1])
    if type(raised).__name__ != wanted:
        raise ValueError(f"the example of {wanted} raises {type(raised).__name__}: {raised}")
    lines = [part for line in f"{wanted}: {raised}".splitlines() for part in textwrap.wrap(line, 100)]
    return "```text\n" + "\n".join(lines) + "\n```\n"


def provoked(first: str, block: str) -> Exception:
    """Return the error of limefw's that a block raises."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with _elsewhere(), contextlib.redirect_stdout(io.StringIO()):
        exec(compile(first, "first", "exec"), namespace)
        try:
            exec(compile(block, "block", "exec"), namespace)
        except LimefwError as raised:
            return raised
    raise ValueError(f"this raises nothing:\n{block}")


@contextlib.contextmanager
def _elsewhere() -> Any:
    """Work in an empty folder."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield Path(folder)
        finally:
            os.chdir(here)


def _spec(hook: str) -> str:
    return inspect.getdoc(getattr(hookspecs, f"limefw_{hook}")) or ""


_PARTS = {made.__name__: made for made in (call, said, example, contract, kinds, own, tree, error, recipe, recipes)}
