"""Which plug-ins there are, and where from: the only user of pluggy's PluginManager.

Which distributions may take part is decided by their names, from one source (the environment variable
``LIMEFW_PLUGINS``, or `policy` in code), *before* anything of them is imported. A plug-in that fails to load is
listed with its error and never stops the others. Two providers of one name are an error for whoever asks for it.
"""

import inspect
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.metadata import EntryPoint, EntryPoints, distributions
from itertools import chain
from pathlib import Path
from typing import Any

import pluggy

from limefw import hookspecs
from limefw.errors import BrokenPluginError, PluginConflictError, PluginError, UnknownPluginError, did_you_mean
from limefw.stage import Plugin, function_of, signature_of


GROUP = "limefw"
POLICY_VARIABLE = "LIMEFW_PLUGINS"
LOCAL = "this session"
LIFE_CYCLE = ("limefw_stage_done", "limefw_explained")
_HOOKS = tuple(name for name in vars(hookspecs) if name.startswith("limefw_"))
_log = logging.getLogger("limefw")


@dataclass(frozen=True, slots=True)
class Policy:
    """Which distributions' plug-ins are loaded.

    Args:
        allow: names, or None for all. limefw's own are always allowed unless denied by name.
        deny: names; denying wins.
    """

    allow: frozenset[str] | None = None
    deny: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str) -> "Policy":
        """Read ``"acme-lime, other"`` (these alone) or ``"-acme-lime"`` (all but this).

        Raises:
            PluginError: a word is no name of a distribution; to go on would allow what was meant to be denied.
        """
        words = [word.strip() for word in text.split(",") if word.strip()]
        for word in words:
            if not re.fullmatch(r"-?[a-z0-9]([a-z0-9._-]*[a-z0-9])?", word, re.IGNORECASE):
                raise PluginError(
                    f"{POLICY_VARIABLE}: {word!r} is no name of a distribution. Write 'acme-lime, other' to allow "
                    "these alone beside limefw's own, or '-acme-lime' to deny one"
                )
        deny = frozenset(canonical(word[1:]) for word in words if word.startswith("-"))
        allow = frozenset(canonical(word) for word in words if not word.startswith("-"))
        return cls(allow | {"limefw"} if allow else None, deny)

    def admits(self, distribution: str) -> bool:
        """Say whether a distribution may take part."""
        name = canonical(distribution)
        return name not in self.deny and (self.allow is None or name in self.allow)

    def absent(self, installed: set[str]) -> list[str]:
        """Return a sentence for each name here that nothing installed has: a misspelt one keeps nobody out."""
        others = installed - {"limefw"}  # nobody shall be led to deny limefw itself
        return [
            f"{name}: {what}, but not installed (or without plug-ins).{did_you_mean(name, others)}"
            for what, names in (("denied", self.deny), ("allowed", self.allow or frozenset()))
            for name in sorted(names - installed - {"limefw"})
        ]


def canonical(name: str) -> str:
    """Return a distribution's name as it is compared: PyPI does not tell Acme_Lime from acme-lime."""
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True, slots=True)
class Provider:
    """A distribution that provides plug-ins."""

    distribution: str
    version: str = ""

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}".strip()


@dataclass(frozen=True, slots=True)
class Found:
    """A plug-in and who provides it."""

    kind: str
    plugin: Plugin
    provider: Provider


_Providers = list[tuple[Any, Provider]]
"""All who provide one name, each with the plug-in (of a recipe: its file)."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A module or hook that failed, and why."""

    what: str
    provider: Provider
    error: BaseException


@dataclass(frozen=True, slots=True)
class Location:
    """Where a plug-in is written down."""

    kind: str
    name: str
    module: str
    file: str
    line: int
    docstring: str
    provider: Provider


@dataclass(slots=True)
class Registry:
    """The plug-ins that are installed, allowed and working.

    Args:
        modules: (module or object with hook implementations, distribution name) pairs beside the installed ones.
        installed: whether to look at entry points.
        policy: which distributions may take part; by default what LIMEFW_PLUGINS says.
    """

    modules: Iterable[tuple[Any, str]] = ()
    installed: bool = True
    policy: Policy | None = None
    broken: list[Broken] = field(default_factory=list, init=False)
    denied: list[str] = field(default_factory=list, init=False)
    absent: list[str] = field(default_factory=list, init=False)
    _found: dict[str, dict[str, _Providers]] = field(init=False)
    _listeners: dict[str, list[Callable[..., None]]] = field(init=False)
    _manager: pluggy.PluginManager = field(init=False)

    def __post_init__(self) -> None:
        self._manager = pluggy.PluginManager("limefw")
        self._manager.add_hookspecs(hookspecs)
        self._found = {kind: {} for kind in (*hookspecs.KINDS, "recipes")}
        self._listeners = {hook: [] for hook in LIFE_CYCLE}
        self.policy = policy = self.policy or Policy.parse(os.environ.get(POLICY_VARIABLE, ""))
        if self.installed:
            self._load(policy)
        for module, distribution in self.modules:
            self._register(module, Provider(distribution), str(getattr(module, "__name__", distribution)))

    @contextmanager
    def _noting(self, what: str, provider: Provider) -> Iterator[None]:
        """List as broken what fails inside: whatever a plug-in raises, the others go on."""
        try:
            yield
        except (Exception, SystemExit) as error:  # noqa: BLE001 - listed
            self.broken.append(Broken(what, provider, error))

    def _load(self, policy: Policy) -> None:
        if not policy.admits("limefw"):
            _log.warning("limefw's own plug-ins are denied (%s): few recipes will work", POLICY_VARIABLE)
        entries = sorted(self._entries(), key=lambda item: (item[0].value, item[0].name))
        self.absent += policy.absent({canonical(provider.distribution) for _, provider in entries})
        for entry, provider in entries:
            if policy.admits(provider.distribution):
                with self._noting(entry.value, provider):
                    self._register(entry.load(), provider, entry.value)
            elif provider.distribution not in self.denied:
                self.denied.append(provider.distribution)

    def _entries(self) -> list[tuple[EntryPoint, Provider]]:
        """Return the installed entry points; reads metadata alone and imports nothing."""
        found: dict[str, tuple[EntryPoints, Provider]] = {}
        # not by entry_points(): one unreadable entry_points.txt would hide everyone's
        for distribution in distributions():
            try:
                own = distribution.entry_points.select(group=GROUP)
            except Exception as error:  # noqa: BLE001 - listed, and the others go on
                self.broken.append(Broken("entry_points.txt", _provider(distribution), error))
                continue
            if own:
                provider = _provider(distribution)
                found.setdefault(canonical(provider.distribution), (own, provider))
        return [(entry, provider) for own, provider in found.values() for entry in own]

    def _register(self, module: Any, provider: Provider, what: str) -> None:
        if self._manager.is_registered(module):
            return
        with self._noting(what, provider):
            try:
                self._manager.register(module, f"{what} of {provider}")
            except Exception:  # a hook of another shape, a second module of one name
                # pluggy keeps a module whose hooks it refused
                if self._manager.is_registered(module):
                    self._manager.unregister(module)
                raise
            callers = self._manager.get_hookcallers(module) or []
            for caller in callers:
                with self._noting(f"{what}:{caller.name}", provider):
                    self._collect(caller, module, provider, what)
            self._note_unmarked(module, {caller.name for caller in callers}, provider, what)

    def _collect(self, caller: pluggy.HookCaller, module: Any, provider: Provider, what: str) -> None:
        """Take in what a module yields to one hook."""
        if not caller.has_spec():
            raise PluginError(f"{caller.name!r} is not a hook of limefw.{did_you_mean(caller.name, _HOOKS)}")
        kind = caller.name.removeprefix("limefw_")
        if kind not in self._found:
            return  # a life-cycle hook
        hooks: list[Callable[..., Any]] = [one.function for one in caller.get_hookimpls() if one.plugin is module]
        for record in chain.from_iterable(hook() for hook in hooks):
            with self._noting(f"{what}:{caller.name}", provider):  # one bad record, and the hook's others go on
                name, value = _checked(kind, record)
                self._found[kind].setdefault(name, []).append((value, provider))

    def _note_unmarked(self, module: Any, called: set[str], provider: Provider, what: str) -> None:
        for name in _HOOKS:
            # statically: a module that loads its names lazily is not made to
            if name not in called and inspect.isroutine(inspect.getattr_static(module, name, None)):
                error = PluginError(f"{name!r} is never called: mark it with @limefw.hookimpl")
                self.broken.append(Broken(f"{what}:{name}", provider, error))

    def add(self, kind: str, record: Plugin) -> None:
        """Take in a plug-in from a notebook or script; a second one of that name from there replaces the first.

        Raises:
            PluginConflictError: where an installed distribution has that name already.
        """
        found = self._of_kind(kind)
        for _, provider in found.get(record.name, ()):
            if provider.distribution != LOCAL:
                raise PluginConflictError(
                    f"{kind.removesuffix('s')} {record.name!r} is provided by {provider}: choose another name"
                )
        name, value = _checked(kind, record)
        found[name] = [(value, Provider(LOCAL))]

    def _of_kind(self, kind: str) -> dict[str, _Providers]:
        if kind not in hookspecs.KINDS:
            raise UnknownPluginError([f"no kind of plug-in named {kind!r}.{did_you_mean(kind, hookspecs.KINDS)}"])
        return self._found[kind]

    def names(self, kind: str) -> list[str]:
        """Return the names of a kind, sorted."""
        return sorted(self._found[kind])

    def all(self, kind: str) -> list[Found]:
        """Return every plug-in of a kind, conflicting ones too, sorted by name."""
        return [Found(kind, *found) for name in self.names(kind) for found in self._found[kind][name]]

    def get(self, kind: str, name: str) -> Plugin:
        """Return one plug-in.

        Raises:
            UnknownPluginError: with a suggestion and the names there are.
            PluginConflictError: where two distributions provide it.
        """
        return self.lookup(kind, name).plugin

    def suited(self, kind: str, name: str, modality: str) -> Plugin:
        """Return the plug-in called ``<modality>_<name>`` where there is one, else the one called `name`.

        So "html" is one name for all pages, each modality's being a plug-in of its own. Raises as `get` does.
        """
        own = f"{modality}_{name}"
        return self.get(kind, own if own in self._of_kind(kind) else name)

    def suiting(self, kind: str, modality: str) -> list[str]:
        """Return the names of the plug-ins of a kind that take a modality."""
        return [found.plugin.name for found in self.all(kind) if found.plugin.modality in (None, modality)]

    def lookup(self, kind: str, name: str) -> Found:
        """Return one plug-in and its provider; raises as `get` does."""
        self._of_kind(kind)
        found = self._only(kind, name)
        if found is None:
            known = self.names(kind)
            text = f"no {kind.removesuffix('s')} named {name!r}.{did_you_mean(name, known)}"
            text += f" Installed: {', '.join(known) or 'none'}."
            if ":" in name:
                text += " A recipe names plug-ins alone: in Python give the function itself"
                text += f", on the command line --target {name}." if kind == "targets" else "."
            raise UnknownPluginError([text + self.told_broken() + self.told_denied()])
        return Found(kind, *found)

    def _only(self, kind: str, name: str) -> tuple[Any, Provider] | None:
        """Return what a name means, or None; raises where two distributions provide it.

        Hyphens may stand for underscores: people read of log-odds and type what they read.
        """
        named = self._found[kind]
        found = named.get(name) or named.get(name.replace("-", "_"), [])
        if len(found) > 1:
            raise PluginConflictError(_clash(kind, name, found))
        return found[0] if found else None

    def told_broken(self) -> str:
        """Say what could not be loaded: what nobody knows may be in there."""
        faults = [f"{item.what} ({item.provider}): {type(item.error).__name__}: {item.error}" for item in self.broken]
        return f" Broken: {'; '.join(fault.rstrip('.') for fault in faults)}." if faults else ""

    def told_denied(self) -> str:
        """Say which distributions were not let in: what nobody knows may be theirs."""
        return f" Denied by {POLICY_VARIABLE}, so not looked at: {', '.join(self.denied)}." if self.denied else ""

    def choose(self, kind: str, source: Any, modality: str | None = None) -> Plugin:
        """Return the plug-in of a kind whose ``accepts`` says yes to `source` (``use = "auto"``).

        Those of a `modality` are asked first.

        Raises:
            UnknownPluginError: where none does.
            BrokenPluginError: where none does and some could not be loaded.
        """

        def turn(found: Found) -> tuple[bool, bool]:
            return found.plugin.fallback, modality not in (None, found.plugin.modality)

        for found in sorted(self.all(kind), key=turn):
            if _accepts(found, source):
                return self.get(kind, found.plugin.name)
        what = type(source).__name__ if not isinstance(source, Path) else str(source)
        text = f"no {kind.removesuffix('s')} takes {what}. Installed: {', '.join(self.names(kind)) or 'none'}."
        text += self.told_denied()
        if self.broken:
            faults = "; ".join(f"{item.what} of {item.provider}: {item.error}" for item in self.broken)
            raise BrokenPluginError(f"{text} These could not be loaded: {faults}")
        raise UnknownPluginError([text])

    def find(self, kind: str, name: str) -> Location:
        """Return the module, file, line and docstring of a plug-in; raises as `get` does."""
        found = self.lookup(kind, name)
        call = function_of(found.plugin.call)
        try:
            file, line = inspect.getsourcefile(call) or "", inspect.getsourcelines(call)[1]
            if not Path(file).is_file():  # Python 3.13 also knows the source of some text that was executed
                file, line = "", 0
        except (OSError, TypeError):
            file, line = "", 0
        return Location(kind, name, str(call.__module__), file, line, inspect.getdoc(call) or "", found.provider)

    def recipes(self) -> Mapping[str, Path]:
        """Return the named recipes, without names that two distributions provide (`recipe` says who)."""
        return {name: found[0][0] for name, found in sorted(self._found["recipes"].items()) if len(found) == 1}

    def recipe(self, name: str) -> Path | None:
        """Return the file of a named recipe, or None where no distribution has one of that name.

        Raises:
            PluginConflictError: where two distributions provide it.
        """
        found = self._only("recipes", name)
        return found[0] if found else None

    def clashes(self, distribution: str | None = None) -> list[str]:
        """Return a sentence for each name that two distributions provide, or for those of one distribution."""
        return [
            _clash(kind, name, found)
            for kind, named in self._found.items()
            for name, found in named.items()
            if len(found) > 1
            and (distribution is None or canonical(distribution) in {canonical(one.distribution) for _, one in found})
        ]

    def tell(self, hook: str, **facts: Any) -> None:
        """Call a life-cycle hook; a listener that fails is logged and never stops an explanation."""
        installed = reversed(getattr(self._manager.hook, hook).get_hookimpls())
        calls = [
            (f"{hook} of {one.plugin_name}", partial(one.function, **{name: facts[name] for name in one.argnames}))
            for one in installed
        ]
        calls += [(f"{call!r} of {hook}", partial(call, *facts.values())) for call in self._listeners[hook]]
        for who, call in calls:
            try:
                call()
            except Exception:  # noqa: BLE001 - a listener never stops an explanation
                _log.exception("the listener %s failed", who)

    def listen(self, **hooks: Callable[..., None]) -> None:
        """Add life-cycle listeners by hook name, e.g. ``limefw_explained=print``.

        Raises:
            PluginError: there is no such life-cycle hook.
        """
        for name in hooks:
            if name not in self._listeners:
                hint = did_you_mean(name, LIFE_CYCLE)
                raise PluginError(f"{name!r} is not a life-cycle hook.{hint} There are: {', '.join(LIFE_CYCLE)}")
        for name, call in hooks.items():
            self._listeners[name].append(call)


def _provider(distribution: Any) -> Provider:
    """Return who a distribution says it is; one without readable metadata is "unknown"."""
    try:
        name, version = distribution.name, distribution.version
    except Exception:  # noqa: BLE001 - no METADATA, or none that can be read
        return Provider("unknown")
    return Provider(str(name), str(version or "")) if name else Provider("unknown")


def _clash(kind: str, name: str, found: _Providers) -> str:
    """Say who provides one name, and how to do without one of them: never without limefw's own, which all need."""
    others = [one.distribution for _, one in found if canonical(one.distribution) != "limefw"]
    advice = f"Uninstall {others[-1]}, or deny it: {POLICY_VARIABLE}=-{others[-1]}" if others else "Take one out"
    return f"{kind.removesuffix('s')} {name!r} is provided by {' and '.join(str(one) for _, one in found)}. {advice}"


def _checked(kind: str, record: Any) -> tuple[str, Any]:
    """Return the name and the plug-in, or the file of a recipe, that a hook has yielded."""
    if kind == "recipes":
        if not isinstance(record, tuple) or len(record) != 2:
            raise PluginError(f"limefw_recipes must yield (name, path of a TOML file), got {record!r}")
        return str(record[0]), Path(record[1])
    if not isinstance(record, Plugin):
        raise PluginError(f"limefw_{kind} must yield limefw.Plugin records, got {type(record).__name__}")
    if not isinstance(record.name, str) or not re.fullmatch(r"[a-z][a-z0-9_.-]*", record.name) or record.name == "auto":
        raise PluginError(f"{record.name!r} cannot be a plug-in's name: use a-z, 0-9, '_', '-', '.'; not 'auto'")
    if not callable(record.call):
        raise PluginError(f"{record.name!r} is {type(record.call).__name__}, which cannot be called")
    signature_of(record)
    return record.name, record


def _accepts(found: Found, source: Any) -> bool:
    if found.plugin.accepts is None:
        return False
    try:
        return bool(found.plugin.accepts(source))
    except Exception:  # noqa: BLE001 - a plug-in that cannot even look at it does not take it
        _log.exception("%s %r of %s failed to say what it accepts", found.kind, found.plugin.name, found.provider)
        return False


@cache
def registry() -> Registry:
    """Return the process's registry, made on first use."""
    return Registry()


def plugin(
    kind: str, *, name: str | None = None, modality: str | None = None, requires: tuple[str, ...] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function of a notebook or script usable by name: ``@limefw.plugin("segmenters", modality="image")``."""

    def register(call: Callable[..., Any]) -> Callable[..., Any]:
        registry().add(kind, Plugin(name or call.__name__, call, modality, requires))
        return call

    return register
