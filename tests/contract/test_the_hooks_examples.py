"""The example in the docstring of each hook is a whole plug-in module that keeps what its kind promises."""

import importlib
import inspect
import textwrap

import numpy as np
import pytest

import limefw
from limefw import hookspecs
from limefw.discovery import Registry
from limefw.testing import check_plugin


HOOKS = [name for name in vars(hookspecs) if name.startswith("limefw_")]


def documented(hook):
    return inspect.getdoc(getattr(hookspecs, hook))


@pytest.fixture
def example(monkeypatch, tmp_path):
    """Return what makes a module of the example in a docstring."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(name, text):
        lines = text.splitlines()
        code = textwrap.dedent("\n".join(line for line in lines if line.startswith("    ") or not line))
        (tmp_path / f"example_{name}.py").write_text(code)
        return importlib.import_module(f"example_{name}")

    return make


@pytest.fixture
def source(tmp_path):
    """Return a file for the examples that read one."""

    def make(kind):
        shape = {"readers": (12, 10, 3), "models": (3, 4)}.get(kind)
        if shape is None:
            return None
        np.save(tmp_path / "x.npy", np.random.default_rng(0).random(shape))
        return tmp_path / "x.npy"

    return make


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hooks_example_loads(hook, example):
    registry = Registry(modules=[(example(hook, documented(hook)), "acme")], installed=False)
    assert registry.broken == []


@pytest.mark.parametrize("kind", hookspecs.KINDS)
def test_a_hooks_example_keeps_its_promises(kind, example, source):
    module = example(kind, documented(f"limefw_{kind}"))
    for record in getattr(module, f"limefw_{kind}")():
        assert not check_plugin(kind, record, source=source(kind)).skipped


def test_the_whole_module_at_the_head_keeps_its_promises(example):
    module = example("head", hookspecs.__doc__.partition("and in its pyproject.toml")[0])
    for record in module.limefw_segmenters():
        assert check_plugin("segmenters", record).checks


@pytest.mark.parametrize("hook", ["limefw_stage_done", "limefw_explained"])
def test_listeners_are_told(hook, example, capsys):
    registry = Registry(modules=[(example(hook, documented(hook)), "acme")])
    image = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    limefw.explain(image, lambda batch: batch.mean(axis=(1, 2)) / 256, segmenter="grid", samples=8, registry=registry)
    assert ("took" if hook == "limefw_stage_done" else "<Explanation") in capsys.readouterr().out
