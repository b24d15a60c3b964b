"""Every class and function of lime, with its parameters and defaults, attribute by attribute."""

import importlib
import inspect

import numpy as np
import pytest


pytest.importorskip("lime")
MODULES = (
    "discretize", "exceptions", "explanation", "lime_base", "lime_image", "lime_tabular", "lime_text",
    "submodular_pick", "utils.generic_utils", "wrappers.scikit_image",
)  # fmt: skip

LATER = {
    "lime_image.LimeImageExplainer.explain_instance": {"progress_bar": True},
    "lime_image.LimeImageExplainer.data_labels": {"progress_bar": True},
    "lime_tabular.LimeTabularExplainer.explain_instance": {"sampling_method": "gaussian"},
    "explanation.Explanation.as_pyplot_figure": {"figsize": (4, 4)},
}
"""Parameters of lime's last version, which was never released."""


def own(module):
    """Yield (name, object) of what a module defines itself."""
    for name, value in vars(module).items():
        if getattr(value, "__module__", None) == module.__name__ and not name.startswith("_"):
            yield name, value


def callables():
    for short in MODULES:
        module = importlib.import_module(f"lime.{short}")
        for name, value in own(module):
            if inspect.isclass(value):
                yield f"{short}.{name}", "__init__"
                for method, function in vars(value).items():
                    if callable(getattr(value, method)) and not method.startswith("_") and function is not None:
                        yield f"{short}.{name}", method
            else:
                yield f"{short}.{name}", ""


def found(package, place, method):
    short, _, name = place.rpartition(".")
    value = getattr(importlib.import_module(f"{package}.{short}"), name)
    return getattr(value, method) if method else value


CALLS = sorted(callables())


@pytest.mark.parametrize(("place", "method"), CALLS, ids=[".".join(filter(None, pair)) for pair in CALLS])
def test_a_call_takes_what_limes_takes(place, method):
    """The same parameters in the same order, with the same defaults; those of the last version behind them."""
    theirs = inspect.signature(found("lime", place, method)).parameters
    ours = inspect.signature(found("limefw.compat.lime", place, method)).parameters
    later = LATER.get(f"{place}.{method}", {})
    expected = {name: (one.kind, one.default) for name, one in theirs.items()}
    got = {name: (one.kind, one.default) for name, one in ours.items() if name not in later}
    assert got == expected
    assert list(got) == list(expected)
    assert {name: ours[name].default for name in later} == later


def test_nothing_of_lime_is_missing():
    """There are as many names as were looked for."""
    assert len(CALLS) > 60


def attributes(package):
    """Return the names and types of the attributes of all that lime's users hold."""
    rng = np.random.default_rng(0)
    rows, pixels = rng.normal(size=(30, 3)), rng.integers(0, 256, (16, 16, 3)).astype(np.uint8)
    names = "lime_image lime_tabular lime_text submodular_pick discretize wrappers.scikit_image"
    image, tabular, text, pick, cut, segmenters = (
        importlib.import_module(f"{package}.{name}") for name in names.split()
    )

    def two(batch):
        return np.full((len(batch), 2), 0.5)

    explainers = [
        image.LimeImageExplainer(random_state=0),
        text.LimeTextExplainer(random_state=0),
        tabular.LimeTabularExplainer(rows, random_state=0),
        tabular.LimeTabularExplainer(rows, mode="regression", random_state=0),
        tabular.RecurrentTabularExplainer(rows[:, :, None], feature_names=["x"], random_state=0),
    ]
    asked = [
        (pixels, two, {"num_samples": 20, "segmentation_fn": lambda _: np.indices((16, 16))[0] // 4}),
        ("a text of words", two, {"num_samples": 20, "top_labels": 1}),
        (rows[0], two, {"num_samples": 20, "top_labels": 2}),
        (rows[0], lambda batch: batch[:, 0], {"num_samples": 20}),
        (rows[0][:, None], two, {"num_samples": 20}),
    ]
    explanations = [
        explainer.explain_instance(instance, predict, **settings)
        for explainer, (instance, predict, settings) in zip(explainers, asked, strict=True)
    ]
    others = [
        explainers[0].base,
        cut.QuartileDiscretizer(rows, [], ["a", "b", "c"]),
        pick.SubmodularPick(explainers[2], rows[:4], two, method="full", num_exps_desired=2, num_samples=20),
        segmenters.SegmentationAlgorithm("slic", n_segments=4),
        explanations[1].domain_mapper,
        explanations[1].domain_mapper.indexed_string,
        explanations[2].domain_mapper,
    ]
    return {(at, type(one).__name__): set(vars(one)) for at, one in enumerate([*explainers, *explanations, *others])}


def test_objects_have_all_attributes_that_limes_have(theirs):
    """Whatever can be read of an explainer, an explanation, a mapper, a discretizer or a pick, can be read here."""
    with theirs():
        expected = attributes("lime")
    got = attributes("limefw.compat.lime")
    assert set(got) == set(expected)
    for key, names in expected.items():
        assert names <= got[key], key


def test_names_of_tables_are_in_limes_module():
    """Whatever files they are written in: a user imports them, and loads old pickles of them, from there."""
    from limefw.compat.lime import discretize, explanation, lime_base, lime_tabular

    names = ("BaseDiscretizer", "DecileDiscretizer", "EntropyDiscretizer", "QuartileDiscretizer", "StatsDiscretizer")
    assert all(getattr(lime_tabular, name) is getattr(discretize, name) for name in names)
    assert (lime_tabular.explanation, lime_tabular.lime_base) == (explanation, lime_base)
    for name in ("TableDomainMapper", "LimeTabularExplainer", "RecurrentTabularExplainer"):
        assert getattr(lime_tabular, name).__name__ == name


def test_modules_are_there_once_the_package_is():
    """``from limefw.compat import lime`` and ``lime.lime_text`` go on as ``import lime.lime_text`` did."""
    from limefw.compat import lime

    assert {"lime_image", "lime_tabular", "wrappers"} <= set(dir(lime))
    assert lime.lime_text.LimeTextExplainer
    assert lime.wrappers.scikit_image.SegmentationAlgorithm
    with pytest.raises(AttributeError, match="has no attribute 'lime_video'"):
        lime.lime_video  # noqa: B018
