"""Which plug-ins there are: found by entry points, admitted by name before import, and never fatal when broken."""

import functools
import json
import logging
import os
import subprocess
import sys
import textwrap
from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace

import pytest

import limefw
from limefw.discovery import Policy, Registry
from limefw.errors import (
    BrokenPluginError,
    LimefwError,
    PluginConflictError,
    PluginError,
    RecipeError,
    UnknownPluginError,
    did_you_mean,
)
from limefw.recipe import build
from limefw.stage import Plugin


BESIDE = {entry.dist.name for entry in entry_points(group="limefw") if entry.dist is not None}
"""Distributions with plug-ins that are installed beside limefw: no test depends on there being none."""

HALVES = '''
from limefw import Plugin, hookimpl

def halves(image, rng, /, *, vertical: bool = True):
    """Two halves of the picture.

    Told twice."""

@hookimpl
def limefw_segmenters():
    yield Plugin("halves", halves, modality="image")
'''


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install tiny distributions into a folder of their own on sys.path."""
    modules = set(sys.modules)
    monkeypatch.delenv("LIMEFW_PLUGINS", raising=False)

    def install(name, source, *, module=None, version="1.0", entry_points=None, metadata=None):
        site = tmp_path / f"site-{name}"
        module = module or name.replace("-", "_") + "_plugins"
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" if metadata is None else metadata
        (info / "METADATA").write_text(text)
        (info / "entry_points.txt").write_text(entry_points or f"[limefw]\nmain = {module}\n")
        canary = f"from pathlib import Path\nPath({str(tmp_path / (name + '.canary'))!r}).touch()\n"
        (site / f"{module}.py").write_text(canary + textwrap.dedent(source))
        monkeypatch.syspath_prepend(str(site))
        return tmp_path / f"{name}.canary"

    yield install
    for name in set(sys.modules) - modules:
        if name.endswith("_plugins"):
            del sys.modules[name]


def hooks(**functions):
    """Return an object with these hook implementations."""
    return SimpleNamespace(**{name: limefw.hookimpl(call) for name, call in functions.items()})


def yielding(*records):
    """Return a hook that yields these."""

    def hook():
        yield from records

    return hook


def segmenter(image, rng, /, *, count: int = 2):
    """Some segments."""


def faults(registry):
    """Return what is broken as {what: message}."""
    return {item.what: str(item.error) for item in registry.broken}


def test_limefw_s_own_plugins_are_found_and_none_is_broken():
    """What comes along is found through entry points, with its distribution and version."""
    found = Registry().lookup("segmenters", "grid")
    assert (found.provider.distribution, found.provider.version) == ("limefw", limefw.__version__)
    assert not [item for item in Registry().broken if item.provider.distribution == "limefw"]


def test_an_installed_distribution_s_plugin_is_found_by_its_entry_point(install):
    """A third party's plug-in comes in by the same door as limefw's own."""
    canary = install("acme-lime", HALVES, version="2.5")
    registry = Registry()
    assert str(registry.lookup("segmenters", "halves").provider) == "acme-lime 2.5"
    assert canary.exists()
    assert "acme-lime" not in registry.denied


@pytest.mark.parametrize(
    ("policy", "imported"),
    [
        ("", True),
        ("evil", True),
        ("limefw, evil", True),
        ("-other", True),
        ("-evil", False),
        ("-EVIL", False),
        ("limefw", False),
        ("other", False),
        ("evil,-evil", False),
    ],
)
def test_what_is_not_admitted_is_never_imported(install, monkeypatch, policy, imported):
    """Allowing and denying are decided by the distribution's name before anything of it is imported."""
    canary = install("evil", HALVES)
    monkeypatch.setenv("LIMEFW_PLUGINS", policy)
    registry = Registry()
    assert canary.exists() == imported
    assert ("evil" in registry.denied) != imported
    assert ("halves" in registry.names("segmenters")) == imported
    assert "grid" in registry.names("segmenters"), "limefw's own stay unless they are denied by name"


@pytest.mark.parametrize("policy", ["-evil", "limefw"])
def test_a_denied_distribution_is_not_imported_in_a_fresh_process(install, policy):
    """The environment variable alone keeps a distribution out of a process, whatever that process then does."""
    canary = install("evil", HALVES)
    code = (
        "import json, limefw; from limefw.cli.recipe_forms import schema; r = limefw.registry();"
        "limefw.build('lime'); schema(r);"
        "print(json.dumps([r.denied, r.names('segmenters')]))"
    )
    path = os.pathsep.join(entry for entry in sys.path if entry)
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path, "LIMEFW_PLUGINS": policy},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    denied, names = json.loads(run.stdout)
    assert "evil" in denied
    assert "grid" in names
    assert "halves" not in names
    assert not canary.exists()


def test_a_policy_in_code_stands_in_for_the_environment(install, monkeypatch):
    """A policy given in code is the only source: the environment is not asked."""
    canary = install("evil", HALVES)
    monkeypatch.setenv("LIMEFW_PLUGINS", "evil")
    assert "evil" in Registry(policy=Policy(deny=frozenset({"evil"}))).denied
    assert not canary.exists()


@pytest.mark.parametrize("spelling", ["acme-lime", "Acme_Lime", "ACME.lime", "acme--lime"])
def test_distribution_names_are_compared_as_pypi_does(spelling):
    """Case and the kind of separator make no difference in a distribution's name."""
    assert not Policy.parse(f"-{spelling}").admits("acme_LIME")
    assert Policy.parse(spelling).admits("acme.lime")


def test_limefw_itself_can_be_denied_by_name_and_that_is_said(caplog):
    """Denying wins, over limefw's own plug-ins too; a warning says so at once, and every error that follows."""
    registry = Registry(policy=Policy.parse("-limefw"))
    assert not {"grid", "slic"} & set(registry.names("segmenters"))
    assert "limefw's own plug-ins are denied (LIMEFW_PLUGINS)" in caplog.text
    with pytest.raises(UnknownPluginError, match=r"no segmenter named 'slic'.*so not looked at: limefw\."):
        registry.get("segmenters", "slic")
    with pytest.raises(RecipeError, match=r"no recipe named 'lime'.*so not looked at: limefw\."):
        build("lime", registry=registry)
    caplog.clear()
    Registry(policy=Policy.parse("-evil"))
    assert caplog.text == ""


@pytest.mark.parametrize("policy", ["!!", "acme lime", "- evil", "-", "evil;-acme", "-evil, !!"])
def test_a_policy_that_names_no_distribution_is_an_error(policy, monkeypatch):
    """What was meant to be denied is never allowed because of a slip of the pen."""
    monkeypatch.setenv("LIMEFW_PLUGINS", policy)
    with pytest.raises(PluginError, match=r"LIMEFW_PLUGINS: '.*' is no name of a distribution\. Write"):
        Registry()


def test_an_unknown_name_may_be_a_denied_distribution_s(install, monkeypatch):
    """Whoever asks for a plug-in of a denied distribution is told that it is denied."""
    install("acme-lime", HALVES)
    monkeypatch.setenv("LIMEFW_PLUGINS", "-acme-lime")
    registry = Registry()
    for asked in (lambda: registry.get("segmenters", "halves"), lambda: registry.choose("readers", 5)):
        with pytest.raises(LimefwError, match=r"Denied by LIMEFW_PLUGINS, so not looked at: acme-lime\."):
            asked()
    with pytest.raises(UnknownPluginError, match="so not looked at: acme-lime"):
        build({"segmenter": "halves"}, registry=registry)


def test_a_suggestion_is_the_name_as_it_is_written():
    """Names are compared without regard to capitals, and shown with them."""
    assert did_you_mean("egyptian mu", ["tabby", "Egyptian Mau"]) == " Did you mean 'Egyptian Mau'?"
    assert did_you_mean("zebra", ["tabby", "Egyptian Mau"]) == ""


@pytest.mark.parametrize(
    ("source", "what", "message"),
    [
        ("import no_such_library_at_all", "main_plugins", "No module named 'no_such_library_at_all'"),
        ("1 / 0", "main_plugins", "division by zero"),
        ("def (", "main_plugins", "invalid syntax"),
        ("import sys; sys.exit(3)", "main_plugins", "3"),
        ("import limefw\n@limefw.hookimpl\ndef limefw_segmenters(): raise KeyError('gone')",
         "main_plugins:limefw_segmenters", "'gone'"),
        ("import limefw, sys\n@limefw.hookimpl\ndef limefw_segmenters(): sys.exit('no')",
         "main_plugins:limefw_segmenters", "no"),
        ("import limefw\n@limefw.hookimpl\ndef limefw_segmenters(): return None",
         "main_plugins:limefw_segmenters", "'NoneType' object is not iterable"),
        ("import limefw\n@limefw.hookimpl\ndef limefw_segmenters(): yield 'slic'",
         "main_plugins:limefw_segmenters", "limefw_segmenters must yield limefw.Plugin records, got str"),
        ("import limefw\n@limefw.hookimpl\ndef limefw_segmenters(image): yield 1",
         "main_plugins", "limefw_segmenters"),
        ("import limefw\n@limefw.hookimpl\ndef limefw_segmentors(): yield 1",
         "main_plugins:limefw_segmentors", "Did you mean 'limefw_segmenters'?"),
        ("def limefw_segmenters(): yield 1",
         "main_plugins:limefw_segmenters", "is never called: mark it with @limefw.hookimpl"),
        ("import limefw\n@limefw.hookimpl\ndef limefw_recipes(): yield 'lime'",
         "main_plugins:limefw_recipes", "must yield (name, path of a TOML file)"),
    ],
)  # fmt: skip
def test_a_broken_distribution_is_listed_and_never_fatal(install, source, what, message):
    """Whatever a plug-in module does, it is listed with its distribution and error, and the others work."""
    install("broken-one", source, module="main_plugins", version="0.3")
    registry = Registry()
    broken = [item for item in registry.broken if item.provider.distribution == "broken-one"]
    assert [item.what for item in broken] == [what]
    assert message in str(broken[0].error)
    assert str(broken[0].provider) == "broken-one 0.3"
    assert build("lime", registry=registry).stages["segmenter"].name == "quickshift"


@pytest.mark.parametrize(
    ("entry_points", "metadata"),
    [
        ("[limefw]\nthis line has no equals sign\n", None),
        ("[limefw]\nmain = not a module!\n", None),
        ("[limefw]\nmain = no_such_module_of_mine\n", None),
        (None, ""),
        (None, "Version: 3\n"),
    ],
)
def test_unreadable_metadata_breaks_only_its_own_distribution(install, entry_points, metadata):
    """A malformed entry_points.txt or METADATA of one distribution hides no other's plug-ins."""
    install("acme-lime", HALVES, module="acme_plugins")
    install("rotten", "", entry_points=entry_points, metadata=metadata)
    registry = Registry()
    assert "halves" in registry.names("segmenters")
    assert "grid" in registry.names("segmenters")
    rotten = [item for item in registry.broken if item.provider.distribution not in ("limefw", *BESIDE)]
    assert bool(rotten) == (entry_points is not None)


def test_one_bad_record_leaves_the_hook_s_others():
    """A record that cannot be used is listed, and those before and after it are taken in."""
    rows = hooks(limefw_segmenters=yielding(Plugin("one", segmenter), 7, Plugin("two", segmenter)))
    registry = Registry(modules=[(rows, "acme")], installed=False)
    assert registry.names("segmenters") == ["one", "two"]
    assert list(faults(registry).values()) == ["limefw_segmenters must yield limefw.Plugin records, got int"]


def takes_kwargs(image, rng, /, **params): ...


def takes_args(image, rng, *more): ...


def takes_use(image, rng, /, *, use: int = 1): ...


def takes_unannotated(image, rng, /, *, count=1): ...


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (Plugin("Slic", segmenter), "'Slic' cannot be a plug-in's name"),
        (Plugin("auto", segmenter), "'auto' cannot be a plug-in's name"),
        (Plugin("", segmenter), "'' cannot be a plug-in's name"),
        (Plugin("a b", segmenter), "'a b' cannot be a plug-in's name"),
        (Plugin(3, segmenter), "3 cannot be a plug-in's name"),
        (Plugin("five", 5), "'five' is int, which cannot be called"),
        (Plugin("kwargs", takes_kwargs), "'kwargs' takes '**params': name each parameter"),
        (Plugin("args", takes_args), "'args' takes '*more': name each parameter"),
        (Plugin("use", takes_use), "'use' has a parameter called 'use'"),
        (Plugin("bare", takes_unannotated), "'bare': parameter 'count' has no type annotation"),
    ],
)
def test_a_record_that_no_recipe_could_name_or_check_is_refused(record, message):
    """A name that recipes reserve, or parameters that no schema could be made of, are told when it is taken in."""
    rows = hooks(limefw_segmenters=yielding(record))
    registry = Registry(modules=[(rows, "acme")], installed=False)
    assert registry.names("segmenters") == []
    (text,) = faults(registry).values()
    assert message in text


def test_a_module_named_by_two_entry_points_is_taken_in_once(install):
    """Two entry points of one module are no fault, and give no plug-in twice."""
    install("acme-lime", HALVES, module="acme_plugins", entry_points="[limefw]\na = acme_plugins\nb = acme_plugins\n")
    registry = Registry()
    assert registry.get("segmenters", "halves").name == "halves"
    assert "acme-lime" not in {item.provider.distribution for item in registry.broken}


def test_looking_for_hooks_does_not_make_a_lazy_module_load():
    """Names that a module resolves on use are left alone, and a value that says yes to everything is no hook."""

    class Lazy:
        def __getattr__(self, name):
            raise ImportError(name)

    module = hooks(limefw_segmenters=yielding(Plugin("one", segmenter)))
    module.lazy = Lazy()
    module.yes = type("Yes", (), {"__getattr__": lambda self, name: {}})()
    registry = Registry(modules=[(module, "acme")], installed=False)
    assert registry.names("segmenters") == ["one"]
    assert faults(registry) == {}


def test_a_conflict_names_both_distributions_and_versions(install, monkeypatch):
    """Two providers of one name are an error for whoever asks for it, which says who and how to get out."""
    install("acme-lime", HALVES, version="1.2")
    install("other-lime", HALVES, version="3.4")
    registry = Registry()
    with pytest.raises(PluginConflictError) as caught:
        registry.get("segmenters", "halves")
    text = str(caught.value)
    assert "segmenter 'halves' is provided by acme-lime 1.2 and other-lime 3.4" in text
    assert "LIMEFW_PLUGINS=-other-lime" in text
    assert len([found for found in registry.all("segmenters") if found.plugin.name == "halves"]) == 2
    assert build("lime", registry=registry).stages["segmenter"].name == "quickshift", "others are not concerned"
    with pytest.raises(RecipeError, match=r"\[segmenter\].*acme-lime 1.2 and other-lime 3.4"):
        build({"segmenter": "halves"}, registry=registry)
    monkeypatch.setenv("LIMEFW_PLUGINS", text.partition("LIMEFW_PLUGINS=")[2])
    assert Registry().lookup("segmenters", "halves").provider.distribution == "acme-lime", "the advice helps"


def test_nobody_is_told_to_deny_limefw_itself(install):
    """Whoever comes first: the third party is the one to be denied, and `clashes` lists it for either."""
    install("acme-lime", HALVES.replace("halves", "grid"), version="1.2")
    registry = Registry()
    own = f"limefw {limefw.__version__}"
    expected = (
        f"segmenter 'grid' is provided by acme-lime 1.2 and {own}. "
        "Uninstall acme-lime, or deny it: LIMEFW_PLUGINS=-acme-lime"
    )
    with pytest.raises(PluginConflictError) as caught:
        registry.get("segmenters", "grid")
    assert str(caught.value) == expected
    assert expected in registry.clashes()
    assert registry.clashes("Acme_Lime") == [expected]
    assert registry.clashes("other") == []


@pytest.mark.parametrize(
    ("policy", "absent"),
    [
        ("-acme-lim", ["acme-lim: denied, but not installed (or without plug-ins). Did you mean 'acme-lime'?"]),
        ("Acme_Lim", ["acme-lim: allowed, but not installed (or without plug-ins). Did you mean 'acme-lime'?"]),
        ("-limefww", ["limefww: denied, but not installed (or without plug-ins)."]),
        ("limefw, acme-lime", []),
        ("-ACME.lime", []),
        ("", []),
    ],
)
def test_a_name_in_the_policy_that_nobody_has_is_noted(install, monkeypatch, policy, absent):
    """A misspelt name keeps nobody out; nobody is led to deny limefw itself."""
    install("acme-lime", HALVES)
    monkeypatch.setenv("LIMEFW_PLUGINS", policy)
    assert Registry().absent == absent


def test_a_recipe_conflict_concerns_only_those_who_ask_for_it(tmp_path):
    """Two distributions with a recipe of one name leave every other recipe usable."""
    (tmp_path / "swift.toml").write_text("samples = 10")
    mine = hooks(limefw_recipes=yielding(("swift", tmp_path / "swift.toml"), ("brisk", tmp_path / "swift.toml")))
    yours = hooks(limefw_recipes=yielding(("swift", tmp_path / "swift.toml")))
    registry = Registry(modules=[(mine, "acme"), (yours, "other")])
    assert build("brisk", registry=registry).samples == 10
    assert "brisk" in registry.recipes()
    assert "swift" not in registry.recipes()
    with pytest.raises(PluginConflictError, match="recipe 'swift' is provided by acme and other"):
        registry.recipe("swift")
    with pytest.raises(RecipeError, match="recipe 'swift' is provided by acme and other"):
        build("swift", registry=registry)


def test_find_gives_module_file_line_and_docstring(install):
    """`find` leads to the very line where a plug-in is written down."""
    install("acme-lime", HALVES, module="acme_plugins", version="2")
    place = Registry().find("segmenters", "halves")
    assert (place.kind, place.name, place.module) == ("segmenters", "halves", "acme_plugins")
    lines = Path(place.file).read_text().splitlines()
    assert lines[place.line - 1].startswith("def halves(")
    assert place.docstring == "Two halves of the picture.\n\nTold twice."
    assert str(place.provider) == "acme-lime 2"


def decorated(call):
    """Return `call` inside another function."""

    @functools.wraps(call)
    def inner(*data, **params):
        return call(*data, **params)

    return inner


class Cutter:
    def __call__(self, image, rng, /, *, count: int = 2):
        """Cut."""


@pytest.mark.parametrize(
    ("call", "written"),
    [
        (decorated(segmenter), segmenter),
        (functools.partial(segmenter, count=3), segmenter),
        (Cutter(), Cutter.__call__),
    ],
)
def test_find_looks_inside_wrappers(call, written):
    """A decorated function, a partial and an object with ``__call__`` are found where they are written."""
    rows = hooks(limefw_segmenters=yielding(Plugin("one", call)))
    place = Registry(modules=[(rows, "acme")], installed=False).find("segmenters", "one")
    assert place.line == written.__code__.co_firstlineno
    assert place.file == __file__
    assert place.docstring == written.__doc__


def test_find_of_what_has_no_source_says_so_by_an_empty_file():
    """A plug-in without source text is still found by module and docstring."""
    scope = {"__name__": "made_up"}
    exec('def made(image, rng, /):\n    "Made up."', scope)
    rows = hooks(limefw_segmenters=yielding(Plugin("made", scope["made"])))
    place = Registry(modules=[(rows, "acme")], installed=False).find("segmenters", "made")
    assert (place.file, place.line) == ("", 0)
    assert (place.module, place.docstring) == ("made_up", "Made up.")


def test_an_unknown_name_gets_a_suggestion_and_what_there_is():
    """A misspelt plug-in says what was meant, what is installed and what is broken."""
    with pytest.raises(UnknownPluginError) as caught:
        Registry().get("segmenters", "slick")
    assert "no segmenter named 'slick'. Did you mean 'slic'? Installed: " in str(caught.value)
    installed = str(caught.value).partition("Installed: ")[2].partition(".")[0].split(", ")
    assert {"grid", "quickshift", "slic"} <= set(installed)
    assert installed == sorted(installed)
    with pytest.raises(UnknownPluginError, match=r"no kind of plug-in named 'segmentor'. Did you mean 'segmenters'?"):
        Registry().get("segmentor", "slic")
    rows = hooks(limefw_segmenters=yielding(7))
    with pytest.raises(UnknownPluginError, match=r"Broken: .*limefw_segmenters \(acme\)"):
        Registry(modules=[(rows, "acme")], installed=False).get("segmenters", "slic")


@pytest.fixture
def session_registry(monkeypatch):
    """Stand a fresh registry in for the process's own."""
    fresh = Registry()
    monkeypatch.setattr("limefw.discovery.registry", lambda: fresh)
    return fresh


def test_a_local_plugin_is_usable_by_name_at_once(session_registry):
    """What `@limefw.plugin` marks can be named in a recipe at once, and stays the function it was."""

    @limefw.plugin("segmenters", modality="image")
    def thirds(image, rng, /, *, count: int = 3):
        """Three parts."""

    assert thirds(None, None) is None
    stage = build({"segmenter": {"use": "thirds", "count": 4}}, registry=session_registry).stages["segmenter"]
    assert stage.plugin.call is thirds
    assert (stage.params, stage.plugin.modality, stage.plugin.summary) == ({"count": 4}, "image", "Three parts.")
    assert str(session_registry.find("segmenters", "thirds").provider) == "this session"


def test_a_local_plugin_that_is_defined_again_replaces_the_first(session_registry):
    """Running a notebook's cell twice is no conflict: the later definition counts."""
    for count in (1, 2):

        @limefw.plugin("segmenters", name="thirds")
        def again(image, rng, /, *, count: int = count): ...

    assert build({"segmenter": "thirds"}, registry=session_registry).stages["segmenter"].params == {"count": 2}
    assert len([found for found in session_registry.all("segmenters") if found.plugin.name == "thirds"]) == 1


def test_a_local_plugin_that_is_refused_leaves_the_one_before(session_registry):
    """A second definition that cannot be used does not take the first one away."""
    limefw.plugin("segmenters", name="mine")(segmenter)
    with pytest.raises(PluginError, match="name each parameter"):
        limefw.plugin("segmenters", name="mine")(takes_kwargs)
    assert session_registry.get("segmenters", "mine").call is segmenter


def test_a_local_plugin_cannot_take_an_installed_name(session_registry):
    """The name of an installed plug-in stays that plug-in's: recipes mean the same everywhere."""
    with pytest.raises(PluginConflictError, match=r"segmenter 'grid' is provided by limefw .*choose another name"):
        limefw.plugin("segmenters", name="grid")(segmenter)
    assert session_registry.get("segmenters", "grid").call is not segmenter


def test_a_local_plugin_of_an_unknown_kind_is_refused(session_registry):
    """A kind that does not exist is told with a suggestion."""
    with pytest.raises(UnknownPluginError, match=r"no kind of plug-in named 'segmenter'. Did you mean 'segmenters'?"):
        limefw.plugin("segmenter")(segmenter)


def test_life_cycle_hooks_of_installed_plugins_are_heard():
    """A plug-in that implements a life-cycle hook hears of every event, by the names of the hook's arguments."""
    heard = []
    watcher = hooks(
        limefw_stage_done=lambda event: heard.append(f"{event} done"),
        limefw_explained=lambda: heard.append("explained"),
    )
    registry = Registry(modules=[(watcher, "acme")], installed=False)
    registry.tell("limefw_stage_done", event="cut")
    registry.tell("limefw_explained", explanation="why")
    assert heard == ["cut done", "explained"]


def test_any_callable_can_listen(capsys):
    """A builtin, a bound method and a partial hear life-cycle hooks as a function does."""
    registry, heard = Registry(installed=False), []
    registry.listen(limefw_explained=print)
    registry.listen(limefw_explained=heard.append)
    registry.listen(limefw_explained=functools.partial(heard.insert, 0), limefw_stage_done=heard.append)
    registry.tell("limefw_explained", explanation="why")
    registry.tell("limefw_stage_done", event="cut")
    assert capsys.readouterr().out == "why\n"
    assert heard == ["why", "why", "cut"]


def test_a_failing_listener_is_logged_and_stops_nobody(caplog):
    """What a listener raises is logged with its traceback; later listeners and the explanation go on."""
    heard = []

    def fails(explanation):
        raise OSError("tracker is down")

    registry = Registry(modules=[(hooks(limefw_explained=fails), "acme")], installed=False)
    registry.listen(limefw_explained=fails)
    registry.listen(limefw_explained=heard.append)
    with caplog.at_level(logging.ERROR, "limefw"):
        registry.tell("limefw_explained", explanation="why")
    assert heard == ["why"]
    assert len(caplog.records) == 2
    assert "tracker is down" in caplog.text


def test_listening_to_no_hook_is_told():
    """A misspelt life-cycle hook would never be heard: it is refused with a suggestion."""
    with pytest.raises(
        PluginError, match=r"'limefw_explaind' is not a life-cycle hook. Did you mean 'limefw_explained'"
    ):
        Registry(installed=False).listen(limefw_explaind=print)


def test_auto_asks_each_plugin_and_fallbacks_last():
    """`use = "auto"` takes the plug-in that accepts, and one that takes anything only where no other does."""
    rows = hooks(
        limefw_models=yielding(
            Plugin("a-any", segmenter, accepts=lambda source: True, fallback=True),
            Plugin("b-raises", segmenter, accepts=lambda source: source.no_such_attribute),
            Plugin("c-never", segmenter),
            Plugin("d-text", segmenter, accepts=lambda source: isinstance(source, str)),
        )
    )
    registry = Registry(modules=[(rows, "acme")], installed=False)
    assert registry.choose("models", "text").name == "d-text"
    assert registry.choose("models", 7).name == "a-any", "one that raises while it looks does not take it"


def test_auto_that_finds_none_names_what_could_not_be_loaded():
    """Where nobody accepts, the plug-ins that could not be loaded are named: one of them may be the right one."""
    with pytest.raises(UnknownPluginError, match=r"no reader takes int\. Installed: none\."):
        Registry(installed=False).choose("readers", 5)
    registry = Registry(modules=[(hooks(limefw_readers=yielding(7)), "acme")], installed=False)
    with pytest.raises(BrokenPluginError, match=r"no reader takes int.*limefw_readers of acme: .*got int"):
        registry.choose("readers", 5)
