"""Light to import, small to read: what loads what, and how long files and functions may be."""

import ast
import inspect
import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import limefw


ROOT = Path(__file__).parents[2]
CORE = sorted((ROOT / "limefw").rglob("*.py"))
PLUGINS = sorted((ROOT / "plugins" / "limefw_plugins").rglob("*.py"))
HEAVY = frozenset({
    "sklearn", "skimage", "scipy", "cv2", "matplotlib", "torch", "tensorflow", "keras", "onnxruntime", "PIL", "jinja2",
    "rich", "pandas", "lime", "numba",
})  # fmt: skip


def loaded_by(code, *, argv=()):
    """Return the top-level packages that a fresh interpreter has loaded after running some code."""
    script = f"import sys\nsys.argv = ['limefw', *{list(argv)!r}]\n{code}\n"
    tail = "\nprint()\nimport json\nprint(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script + tail], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout.splitlines()[-1]))


def test_importing_limefw_loads_nothing_of_weight():
    """`import limefw` costs no more than Python itself: no numpy, no pydantic, no plug-in."""
    found = loaded_by("import limefw; limefw.sample(); dir(limefw)")
    assert "limefw" in found
    assert not found & (HEAVY | {"numpy", "pydantic", "pluggy", "limefw_plugins", "click"})


def test_the_help_loads_nothing_of_weight():
    """`limefw --help` answers before anything heavy is loaded."""
    code = "import runpy\ntry:\n    runpy.run_module('limefw', run_name='__main__')\nexcept SystemExit as end:\n    "
    found = loaded_by(code + "assert not end.code, end.code", argv=["--help"])
    assert "click" in found
    assert not found & (HEAVY | {"numpy", "pydantic", "limefw_plugins"})


def drawn_from(tree):
    """Yield the names of NumPy's and Python's generators that are made or reached for outside every function."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            if isinstance(node, ast.Call):
                yield getattr(node.func, "attr", getattr(node.func, "id", ""))
            yield from drawn_from(node)


def test_no_module_holds_a_generator():
    """One that calls share would make a result depend on those before it (docs/adr/0011)."""
    for file in CORE + PLUGINS:
        made = set(drawn_from(ast.parse(file.read_text(encoding="utf-8"))))
        assert not made & {"default_rng", "RandomState", "Generator", "Random"}, file


def test_one_line_reaches_for_numpys_global_generator():
    """compat's, where lime would: docs/adr/0011. What only NumPy's functions of the module draw, ruff's NPY002 sees."""
    found = [file.name for file in CORE + PLUGINS for _ in re.finditer(r"mtrand|np\.random\._rand",
                                                                     file.read_text(encoding="utf-8"))]  # fmt: skip
    assert found == ["_support.py"]


def test_the_help_is_printed():
    """`python -m limefw --help` ends well and names every command."""
    run = subprocess.run(
        [sys.executable, "-m", "limefw", "--help"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert run.returncode == 0, run.stderr
    for command in ("explain", "segments", "plugins", "recipe"):
        assert f"  {command} " in run.stdout


def test_listing_every_plugin_loads_no_heavy_library():
    """The list of plug-ins, with places and docstrings, is made without loading what the plug-ins use."""
    code = (
        "import limefw\nfrom limefw.hookspecs import KINDS\nr = limefw.registry()\nassert not r.broken, r.broken\n"
        "for kind in KINDS:\n    for found in r.all(kind):\n        r.find(kind, found.plugin.name)\n"
        "assert 'slic' in r.names('segmenters')"
    )
    found = loaded_by(code)
    assert "limefw_plugins" in found
    assert not found & (HEAVY | {"pydantic"})


def test_the_schema_of_every_plugin_loads_no_heavy_library():
    """The JSON schema of all recipes, and a settled recipe, need pydantic and nothing heavier."""
    found = loaded_by(
        "import limefw\nfrom limefw.cli.recipe_forms import schema\n"
        "schema(limefw.registry())\nlimefw.build('lime').to_mapping()"
    )
    assert "pydantic" in found
    assert not found & HEAVY


def test_limes_api_loads_nothing_of_weight():
    """Importing `limefw.compat.lime` costs no more than limefw itself: libraries come with the first explanation."""
    names = "discretize explanation lime_base lime_image lime_tabular lime_text submodular_pick wrappers.scikit_image"
    found = loaded_by("\n".join(f"import limefw.compat.lime.{name}" for name in names.split()))
    assert not found & (HEAVY - {"cv2"})


EXPLAIN = """
import numpy as np, limefw
pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
predict = lambda batch: batch.mean(axis=(1, 2, 3))[:, None] / 255 * [1, -1] + [0, 1]
found = limefw.explain(pixels, predict, recipe="lime", segmenter="grid", surrogate="ridge", samples=60)
assert len(found.top()) == 5
"""


def test_the_first_explanation_loads_only_what_it_uses():
    """An explanation by grid, mean colour and ridge needs no scientific library but numpy (and OpenCV to copy)."""
    found = loaded_by(EXPLAIN)
    assert not found & (HEAVY - {"cv2"})


@pytest.mark.parametrize("name", limefw.__all__)
def test_every_public_name_resolves(name):
    """Each name in `limefw.__all__` is there, and is documented."""
    value = getattr(limefw, name)
    assert name in dir(limefw)
    if callable(value):
        assert inspect.getdoc(value), f"limefw.{name} has no docstring"


def test_public_names_for_type_checkers_are_those_at_run_time():
    """What type checkers see under TYPE_CHECKING is what `__getattr__` gives."""
    tree = ast.parse((ROOT / "limefw" / "__init__.py").read_text())
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        alias.asname: f"{node.module}.{alias.name}"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for name, place in seen.items():
        module, _, attribute = place.rpartition(".")
        expected = import_module(place) if module == "limefw" else getattr(import_module(module), attribute)
        assert getattr(limefw, name) is expected, name
    assert set(limefw.__all__) - {"__version__", "build", "sample"} <= set(seen)


def test_an_unknown_public_name_is_an_attribute_error():
    """A name that limefw does not have fails as any module's does."""
    with pytest.raises(AttributeError, match="module 'limefw' has no attribute 'explian'"):
        limefw.explian  # noqa: B018


def functions(path):
    """Yield (name, node, public) for every function and method of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))

    def walk(node, prefix, *, public):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                shown = public and not child.name.startswith("_")
                yield f"{prefix}{child.name}", child, shown
                yield from walk(child, f"{prefix}{child.name}.", public=False)
            elif isinstance(child, ast.ClassDef):
                yield from walk(child, f"{prefix}{child.name}.", public=public and not child.name.startswith("_"))
            else:
                yield from walk(child, prefix, public=public)

    yield from walk(tree, "", public=True)


def offenders(paths, fault):
    """Return 'file:line name' of every function that `fault` says something about."""
    return [
        f"{path.relative_to(ROOT)}:{node.lineno} {name}{said}"
        for path in paths
        for name, node, public in functions(path)
        if (said := fault(node, public=public))
    ]


def test_every_public_function_has_a_docstring():
    """Whoever opens a function reads what it is for."""

    def undocumented(node, *, public):
        stub = any(ast.unparse(item) in ("overload", "typing.overload") for item in node.decorator_list)
        return " has none" if public and not stub and not ast.get_docstring(node) else ""

    assert offenders([*CORE, *PLUGINS], undocumented) == []


def test_functions_are_short():
    """A function is at most 60 lines, its docstring not counted."""

    def long(node, *, public):
        first = node.body[0]
        told = first.end_lineno - first.lineno + 1 if ast.get_docstring(node) is not None else 0
        length = node.end_lineno - node.lineno + 1 - told
        return f": {length} lines" if length > 60 else ""

    assert offenders([*CORE, *PLUGINS], long) == []


def test_parameters_are_named_one_by_one():
    """No public function takes `**kwargs` of which nobody can say what is in them."""
    # settings of a recipe, which it checks itself; facts and listeners by hook name
    open_ended = {"__init__.py build", "discovery.py Registry.tell", "discovery.py Registry.listen"}
    # of mappings, as a dict has it
    open_ended |= {"caching/disk.py PredictionCache.update", "comparison/sharing.py Rows.update"}

    def vague(node, *, public):
        return f" takes **{node.args.kwarg.arg}" if public and node.args.kwarg else ""

    paths = [path for path in (*CORE, *PLUGINS) if path.name == "__init__.py" or not path.name.startswith("_")]
    # other packages' signatures are as they are
    paths = [path for path in paths if "compat" not in path.parts]
    found = [re.sub(r":\d+| takes.*", "", item).removeprefix("limefw/") for item in offenders(paths, vague)]
    assert sorted(found) == sorted(open_ended)


@pytest.mark.parametrize(
    "path",
    [path for path in PLUGINS if path.name == "__init__.py" or not path.name.startswith("_")],
    ids=lambda path: f"{path.parent.name}-{path.stem}",
)
def test_a_plugin_is_one_short_file(path):
    """A plug-in fits on a few screens: 140 lines at the most."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 140


def test_the_core_never_names_the_plugins():
    """The core works with whatever is installed: it imports no plug-in of limefw's own."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in CORE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("limefw_plugins"))
        or (isinstance(node, ast.Import) and any(item.name.startswith("limefw_plugins") for item in node.names))
    ]
    assert found == []
