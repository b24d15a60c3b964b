"""What the README and the documents tell people to type works, and nothing that people may use is without a page."""

import inspect
import json
import re
import shlex
import shutil
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest
from click.testing import CliRunner

import limefw
from limefw import errors, hookspecs
from limefw.cli import cli
from limefw.cli.plugins import parameters


ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
WRITTEN = ["README.md", *sorted(str(path.relative_to(ROOT)) for path in DOCS.rglob("*.md"))]
ERRORS = "docs/reference/errors.md"
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
OWN = [
    (kind, found.plugin)
    for kind in hookspecs.KINDS
    for found in limefw.registry().all(kind)
    if found.provider.distribution == "limefw"
]
OWN_IDS = [f"{kind}-{plugin.name}" for kind, plugin in OWN]
ERROR_CLASSES = [name for name, value in vars(errors).items() if inspect.isclass(value) and name.endswith("Error")]


def read(page):
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page):
    return PYTHON.findall(read(page))


def headings(page):
    return [line.lstrip("# ").replace("`", "") for line in read(page).splitlines() if line.startswith("#")]


@pytest.fixture
def module(monkeypatch):
    """A real module, as what is in none cannot be pickled."""
    made = ModuleType("test_what_a_reader_types")
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


RUN = [page for page in WRITTEN if page != ERRORS and blocks(page)]


@pytest.mark.model
@pytest.mark.parametrize("page", RUN)
def test_python_in_the_documents_runs(page, module, tmp_path, monkeypatch):
    """All Python blocks of a page run in order, in one namespace, as a reader would run them."""
    for library in re.findall(r"<!-- needs: (\w+) -->", read(page)):
        pytest.importorskip(library, reason=f"the page is about {library}", exc_type=ImportError)
    monkeypatch.chdir(tmp_path)
    for block in blocks(page):
        exec(compile(block, page, "exec"), vars(module))


@pytest.mark.model
@pytest.mark.parametrize(("page", "network"), [("onnx", "net.onnx"), ("sklearn", "digits.skops")])
def test_the_command_of_a_page_explains_the_model_of_its_python(page, network, module, tmp_path, monkeypatch):
    """It runs as printed, and what it explains moves: no effect of a saturated probability is a millionth."""
    from PIL import Image
    from sklearn.datasets import load_digits

    page = f"docs/how-to/models/{page}.md"
    for library in re.findall(r"<!-- needs: (\w+) -->", read(page)):
        pytest.importorskip(library, reason=f"the page is about {library}", exc_type=ImportError)
    monkeypatch.chdir(tmp_path)
    for block in blocks(page):
        exec(compile(block, page, "exec"), vars(module))
    if not Path(network).exists():
        shutil.copy(module.path, network)
    shutil.copy(limefw.sample(), "cat.jpg")
    Image.fromarray((load_digits().images[0] * 15).astype("uint8")).resize((80, 80)).save("photo.png")
    (command,) = re.findall(r"```sh\nlimefw (explain .*?)```", read(page), re.DOTALL)
    options = ["-n", "200", "-s", "segmenter=grid", "-o", "-", "-f", "json"]
    done = CliRunner().invoke(
        cli, [*shlex.split(command.replace("\\\n", " ")), *options], catch_exceptions=False, standalone_mode=False
    )
    assert max(map(abs, json.loads(done.stdout)["labels"][0]["effects"])) > 0.01


def sections_of_errors():
    return dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", read(ERRORS), re.DOTALL | re.MULTILINE))


@pytest.mark.parametrize("name", ERROR_CLASSES)
def test_every_error_has_a_section_with_an_example_that_raises_it(name, module, tmp_path, monkeypatch):
    """The section tells the message that the example really ends in, and what to do."""
    monkeypatch.chdir(tmp_path)
    section = sections_of_errors()[name]
    (example,) = PYTHON.findall(section)
    exec(compile(blocks(ERRORS)[0], ERRORS, "exec"), vars(module))
    with pytest.raises(getattr(errors, name)) as raised:
        exec(compile(example, ERRORS, "exec"), vars(module))
    assert type(raised.value).__name__ == name
    # a list of what is installed depends on the machine
    told = str(raised.value).partition("Installed:")[0].split()
    assert " ".join(told) in " ".join(section.split())
    assert name == "LimefwError" or ("**Cause**" in section and "**Cure**" in section)


@pytest.mark.parametrize("page", WRITTEN)
def test_links_lead_somewhere(page):
    """Every relative link and picture names a file of this repository."""
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)|href=\"([^\"#:]+)\"", read(page)):
        assert ((ROOT / page).parent / "".join(target)).exists(), f"{page} links to {target}"


def test_the_readme_leads_to_every_part_of_the_documents():
    linked = re.findall(r"\]\(docs/([^)#]+)", read("README.md"))
    assert {Path(target).parts[0] for target in linked} >= {"tutorial.md", "gallery.md", "how-to", "reference", "adr"}


@pytest.mark.parametrize("hook", [name for name in vars(hookspecs) if name.startswith("limefw_")])
def test_every_hook_has_a_page(hook):
    """Some page below how-to/hooks names it, with its example, and the list has that page."""
    pages = [path for path in (DOCS / "how-to" / "hooks").glob("*.md") if f"`{hook}`" in path.read_text("utf-8")]
    pages = [
        path for path in pages if f"<!-- made: example {hook.removeprefix('limefw_')} -->" in path.read_text("utf-8")
    ]
    assert len(pages) == 1
    assert f"({pages[0].name})" in read("docs/how-to/hooks/index.md")


@pytest.mark.parametrize("kind", hookspecs.KINDS)
def test_the_call_on_a_hooks_page_is_the_call_of_its_example_and_of_all_its_plugins(kind, module):
    """As many data arguments, in the order and (of the example) mostly by the names that the page gives."""
    page = f"docs/how-to/hooks/{kind}.md"
    (call,) = re.findall(r"^call\((.*?), /, \*\*params\) -> ", read(page), re.MULTILINE)
    exec(compile(blocks(page)[0], page, "exec"), vars(module))
    (example,) = getattr(module, f"limefw_{kind}")()
    plugins = [example, *(plugin for own, plugin in OWN if own == kind)]
    for plugin in plugins:
        data = [
            item for item in inspect.signature(plugin.call).parameters.values() if item.kind is item.POSITIONAL_ONLY
        ]
        assert len(data) == len(call.split(", ")), plugin.name


@pytest.mark.parametrize(("kind", "plugin"), OWN, ids=OWN_IDS)
def test_every_plugin_is_in_the_reference(kind, plugin):
    """Its section names all of its parameters. Where this fails: poe docs."""
    text = read(f"docs/reference/plugins/{kind}.md")
    section = text.partition(f"\n## `{plugin.name}`\n")[2].partition("\n## ")[0]
    assert plugin.summary in section
    assert all(f"| `{item.name}`" in section for item in parameters(plugin))


SHOWN = ("segmenters", "fillers", "surrogates", "renderers")


@pytest.mark.parametrize(
    "item", [item for item in OWN if item[0] in SHOWN], ids=lambda item: f"{item[0]}-{item[1].name}"
)
def test_every_plugin_that_can_be_seen_is_in_the_gallery(item):
    """Where this fails: poe docs."""
    kind, plugin = item
    if plugin.modality in (None, "image"):
        assert f"(reference/plugins/{kind}.md#{plugin.name})" in read("docs/gallery.md")


def test_every_public_name_and_recipe_is_in_the_reference():
    """Where this fails: poe docs."""
    public = {name for name in limefw.__all__ if not name.startswith("_") and name not in ERROR_CLASSES}
    assert public <= set(headings("docs/reference/api.md"))
    assert {f"limefw recipe {name}" for name in ("list", "show")} <= set(headings("docs/reference/cli.md"))
    assert set(limefw.registry().recipes()) <= set(headings("docs/reference/recipes.md"))


def test_every_command_is_in_the_reference():
    """Where this fails: poe docs."""

    def paths(command, path):
        below = getattr(command, "commands", {}) if isinstance(command, click.Group) else {}
        return {path}.union(*(paths(child, f"{path} {name}") for name, child in below.items()))

    assert paths(cli, "limefw") - {"limefw"} <= set(headings("docs/reference/cli.md"))


def test_pictures_are_small():
    """Each below 250 kB, the gallery and its pages below 2 MB in all."""
    pictures = [path for path in (DOCS / "images").rglob("*") if path.is_file()]
    assert max(path.stat().st_size for path in pictures) < 250_000
    pages = [path for path in (DOCS / "_static").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in pictures + pages) < 2_000_000


@pytest.mark.parametrize("page", ["docs/tutorial.md", "docs/reference/recipes.md"])
def test_a_recipe_in_the_documents_is_valid(page, tmp_path):
    """The first TOML block is a whole recipe: it settles without a fault."""
    found = re.findall(r"```toml\n(.*?)```", read(page), re.DOTALL)[0]
    path = tmp_path / "mine.toml"
    path.write_text(found, encoding="utf-8")
    assert limefw.build(path).stages["segmenter"].name == "slic"
