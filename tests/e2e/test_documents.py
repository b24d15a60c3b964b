"""What the README and the documents tell people to type works."""

import re
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[2]
PAGES = [
    "README.md", "docs/tutorial.md", "docs/how-to/use-your-model.md", "docs/how-to/write-a-plug-in.md",
    "docs/how-to/test-your-plug-in.md",
]  # fmt: skip


def blocks(page):
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.model
@pytest.mark.parametrize("page", PAGES)
def test_python_in_the_documents_runs(page, tmp_path, monkeypatch):
    """All Python blocks of a page run in order, in one namespace, as a reader would run them."""
    monkeypatch.chdir(tmp_path)
    found = blocks(page)
    assert found
    namespace = {"__name__": "__main__"}
    for block in found:
        exec(compile(block, page, "exec"), namespace)


@pytest.mark.parametrize("page", ["README.md", *(str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md"))])
def test_links_lead_somewhere(page):
    """Every relative link names a file of this repository."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert ((ROOT / page).parent / target).exists(), f"{page} links to {target}"


def test_the_recipe_in_the_tutorial_is_valid(tmp_path):
    """A TOML block that extends a recipe settles without a fault."""
    import limefw

    (found,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/tutorial.md").read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "mine.toml"
    path.write_text(found, encoding="utf-8")
    assert limefw.build(path).stages["segmenter"].name == "slic"
