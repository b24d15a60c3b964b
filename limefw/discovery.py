"""Which plug-ins there are, and where from: the only user of pluggy's PluginManager.

Which distributions may take part is decided by their names, from one source (the environment variable
``LIMEFW_PLUGINS``, or `policy` in code), *before* anything of them is imported. A plug-in that fails to load is
listed with its error and never stops the others. Two providers of one name are an error for whoever asks for it.
"""

import inspect
import logging
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import EntryPoint, distributions, entry_points
from pathlib import Path
from typing import Any, cast

import pluggy

from limefw import hookspecs
from limefw.errors import (
    BrokenPluginError,
    PluginConflictError,
    PluginError,
    UnknownPluginError,
    did_you_mean,
)
from limefw.stage import Plugin, function_of, signature_of


GROUP = "limefw"
POLICY_VARIABLE = "LIMEFW_PLUGINS"
LOCAL = "this session"
LIFE_CYCLE = ("limefw_stage_done", "limefw_explained")
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
    _found: dict[str, dict[str, list[Found]]] = field(default_factory=dict, init=False)
    _recipes: dict[str, list[tuple[Path, Provider]]] = field(default_factory=dict, init=False)
    _listeners: dict[str, list[Callable[..., None]]] = field(default_factory=dict, init=False)
    _manager: pluggy.PluginManager = field(init=False)

    def __post_init__(self) -> None:
        self._manager = pluggy.PluginManager("limefw")
        self._manager.add_hookspecs(hookspecs)
        self._found = {kind: {} for kind in hookspecs.KINDS}
        if self.policy is None:
            self.policy = Policy.parse(os.environ.get(POLICY_VARIABLE, ""))
        if self.installed:
            if not self.policy.admits("limefw"):
                _log.warning("limefw's own plug-ins are denied (%s): few recipes will work", POLICY_VARIABLE)
            entries = sorted(self._entries(), key=lambda item: (item.value, item.name))
            self._note_absent(self.policy, {canonical(_provider(entry.dist).distribution) for entry in entries})
            for entry in entries:
                self._load(entry, self.policy)
        for module, distribution in self.modules:
            self._register(module, Provider(distribution), str(getattr(module, "__name__", distribution)))

    def _entries(self) -> list[EntryPoint]:
        """Return the installed entry points; reads metadata alone and imports nothing."""
        try:
            return list(entry_points(group=GROUP))
        except Exception:  # noqa: BLE001 - one unreadable entry_points.txt hides everyone's: ask each by itself
            found: dict[str, list[EntryPoint]] = {}
            for distribution in distributions():
                provider = _provider(distribution)
                try:
                    own = [entry for entry in distribution.entry_points if entry.group == GROUP]
                except Exception as error:  # noqa: BLE001 - listed, and the others go on
                    self.broken.append(Broken("entry_points.txt", provider, error))
                    continue
                found.setdefault(provider.distribution, own)
            return [entry for own in found.values() for entry in own]

    def _note_absent(self, policy: Policy, installed: set[str]) -> None:
        """Note names in the policy that nothing installed has: a misspelt one keeps nobody out."""
        others = installed - {"limefw"}  # nobody shall be led to deny limefw itself
        for what, names in (("denied", policy.deny), ("allowed", policy.allow or frozenset())):
            self.absent += [
                f"{name}: {what}, but not installed (or without plug-ins).{did_you_mean(name, others)}"
                for name in sorted(names - installed - {"limefw"})
            ]

    def _load(self, entry: EntryPoint, policy: Policy) -> None:
        provider = _provider(entry.dist)
        if not policy.admits(provider.distribution):
            if provider.distribution not in self.denied:
                self.denied.append(provider.distribution)
            return
        try:
            module = entry.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a plug-in raises, the others go on
            self.broken.append(Broken(entry.value, provider, error))
            return
        self._register(module, provider, entry.value)

    def _register(self, module: Any, provider: Provider, what: str) -> None:
        if self._manager.is_registered(module):
            return
        try:
            name = self._manager.register(module, f"{what} of {provider}")
        except Exception as error:  # noqa: BLE001 - a hook of another shape, a second module of one name
            # pluggy keeps a module whose hooks it refused
            if self._manager.is_registered(module):
                self._manager.unregister(module)
            self.broken.append(Broken(what, provider, error))
            return
        self._note_unknown_hooks(module, provider, what)
        for caller in self._manager.get_hookcallers(module) or ():
            implementation = next(item for item in caller.get_hookimpls() if item.plugin_name == name)
            kind = caller.name.removeprefix("limefw_")
            if kind in self._found or kind == "recipes":
                self._collect(kind, cast("Callable[[], Iterable[Any]]", implementation.function), provider, what)

    def _note_unknown_hooks(self, module: Any, provider: Provider, what: str) -> None:
        specs = [name for name in vars(hookspecs) if name.startswith("limefw_")]
        for name in dir(module):
            # statically: a module that loads its names lazily is not made to
            value = inspect.getattr_static(module, name, None)
            value = value.__func__ if isinstance(value, staticmethod | classmethod) else value
            mark = getattr(value, "limefw_impl", None) if inspect.isroutine(value) else None
            hook = (mark.get("specname") or name) if isinstance(mark, dict) else None
            text = ""
            if hook is not None and hook not in specs:
                text = f"{hook!r} is not a hook of limefw.{did_you_mean(hook, specs)}"
            elif hook is None and name in specs and inspect.isroutine(value):
                text = f"{name!r} is never called: mark it with @limefw.hookimpl"
            if text:
                self.broken.append(Broken(f"{what}:{name}", provider, PluginError(text)))

    def _collect(self, kind: str, hook: Callable[[], Iterable[Any]], provider: Provider, what: str) -> None:
        where = f"{what}:limefw_{kind}"
        try:
            for record in hook():
                try:
                    self._take(kind, record, provider)
                except Exception as error:  # noqa: BLE001 - one bad record, and the hook's others go on
                    self.broken.append(Broken(where, provider, error))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a plug-in raises, the others go on
            self.broken.append(Broken(where, provider, error))

    def _take(self, kind: str, record: Any, provider: Provider) -> None:
        if kind != "recipes":
            _check_record(kind, record)
            self._found[kind].setdefault(record.name, []).append(Found(kind, record, provider))
            return
        if not isinstance(record, tuple) or len(record) != 2:
            raise PluginError(f"limefw_recipes must yield (name, path of a TOML file), got {record!r}")
        self._recipes.setdefault(str(record[0]), []).append((Path(record[1]), provider))

    def add(self, kind: str, record: Plugin) -> None:
        """Take in a plug-in from a notebook or script; a second one of that name from there replaces the first.

        Raises:
            PluginConflictError: where an installed distribution has that name already.
        """
        if kind not in self._found:
            raise UnknownPluginError([f"no kind of plug-in named {kind!r}.{did_you_mean(kind, self._found)}"])
        others = [found for found in self._found[kind].get(record.name, ()) if found.provider.distribution != LOCAL]
        if others:
            raise PluginConflictError(
                f"{kind.removesuffix('s')} {record.name!r} is provided by {others[0].provider}: choose another name"
            )
        _check_record(kind, record)
        self._found[kind][record.name] = [Found(kind, record, Provider(LOCAL))]

    def names(self, kind: str) -> list[str]:
        """Return the names of a kind, sorted."""
        return sorted(self._found[kind])

    def all(self, kind: str) -> list[Found]:
        """Return every plug-in of a kind, conflicting ones too, sorted by name."""
        return [found for name in self.names(kind) for found in self._found[kind][name]]

    def get(self, kind: str, name: str) -> Plugin:
        """Return one plug-in.

        Raises:
            UnknownPluginError: with a suggestion and the names there are.
            PluginConflictError: where two distributions provide it.
        """
        return self.lookup(kind, name).plugin

    def lookup(self, kind: str, name: str) -> Found:
        """Return one plug-in and its provider; raises as `get` does."""
        if kind not in self._found:
            raise UnknownPluginError([f"no kind of plug-in named {kind!r}.{did_you_mean(kind, self._found)}"])
        candidates = self._found[kind].get(name, [])
        if len(candidates) > 1:
            raise PluginConflictError(_clash(kind, name, [found.provider for found in candidates]))
        if not candidates:
            raise UnknownPluginError([self._unknown(kind, name)])
        return candidates[0]

    def _unknown(self, kind: str, name: str) -> str:
        known = self.names(kind)
        text = f"no {kind.removesuffix('s')} named {name!r}.{did_you_mean(name, known)}"
        text += f" Installed: {', '.join(known) or 'none'}."
        return text + self.told_broken() + self.told_denied()

    def told_broken(self) -> str:
        """Say what could not be loaded: what nobody knows may be in there."""
        return f" Broken: {', '.join(f'{item.what} ({item.provider})' for item in self.broken)}." if self.broken else ""

    def told_denied(self) -> str:
        """Say which distributions were not let in: what nobody knows may be theirs."""
        return f" Denied by {POLICY_VARIABLE}, so not looked at: {', '.join(self.denied)}." if self.denied else ""

    def choose(self, kind: str, source: Any) -> Plugin:
        """Return the plug-in of a kind whose ``accepts`` says yes to `source` (``use = "auto"``).

        Raises:
            UnknownPluginError: where none does.
            BrokenPluginError: where none does and some could not be loaded.
        """
        for found in sorted(self.all(kind), key=lambda item: item.plugin.fallback):
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
        return {name: places[0][0] for name, places in sorted(self._recipes.items()) if len(places) == 1}

    def recipe(self, name: str) -> Path | None:
        """Return the file of a named recipe, or None where no distribution has one of that name.

        Raises:
            PluginConflictError: where two distributions provide it.
        """
        places = self._recipes.get(name, [])
        if len(places) > 1:
            raise PluginConflictError(_clash("recipes", name, [provider for _, provider in places]))
        return places[0][0] if places else None

    def clashes(self, distribution: str | None = None) -> list[str]:
        """Return a sentence for each name that two distributions provide, or for those of one distribution."""
        named = {
            (kind, name): [one.provider for one in found]
            for kind in self._found
            for name, found in self._found[kind].items()
        }
        named |= {("recipes", name): [provider for _, provider in places] for name, places in self._recipes.items()}
        return [
            _clash(kind, name, providers)
            for (kind, name), providers in named.items()
            if len(providers) > 1
            and (distribution is None or canonical(distribution) in {canonical(one.distribution) for one in providers})
        ]

    def tell(self, hook: str, **facts: Any) -> None:
        """Call a life-cycle hook; a listener that fails is logged and never stops an explanation."""
        for implementation in reversed(getattr(self._manager.hook, hook).get_hookimpls()):
            try:
                implementation.function(**{name: facts[name] for name in implementation.argnames})
            except Exception:  # noqa: BLE001 - a listener never stops an explanation
                _log.exception("the listener %s of %s failed", hook, implementation.plugin_name)
        for listener in self._listeners.get(hook, ()):
            try:
                listener(*facts.values())
            except Exception:  # noqa: BLE001 - a listener never stops an explanation
                _log.exception("the listener %r of %s failed", listener, hook)

    def listen(self, **hooks: Callable[..., None]) -> None:
        """Add life-cycle listeners by hook name, e.g. ``limefw_explained=print``.

        Raises:
            PluginError: there is no such life-cycle hook.
        """
        for name in hooks:
            if name not in LIFE_CYCLE:
                hint = did_you_mean(name, LIFE_CYCLE)
                raise PluginError(f"{name!r} is not a life-cycle hook.{hint} There are: {', '.join(LIFE_CYCLE)}")
        for name, call in hooks.items():
            self._listeners.setdefault(name, []).append(call)


def _provider(distribution: Any) -> Provider:
    """Return who a distribution says it is; one without readable metadata is "unknown"."""
    try:
        name, version = distribution.name, distribution.version
    except Exception:  # noqa: BLE001 - no METADATA, or none that can be read
        return Provider("unknown")
    return Provider(str(name), str(version or "")) if name else Provider("unknown")


def _clash(kind: str, name: str, providers: Sequence[Provider]) -> str:
    """Say who provides one name, and how to do without one of them: never without limefw's own, which all need."""
    others = [one.distribution for one in providers if canonical(one.distribution) != "limefw"]
    advice = f"Uninstall {others[-1]}, or deny it: {POLICY_VARIABLE}=-{others[-1]}" if others else "Take one out"
    return f"{kind.removesuffix('s')} {name!r} is provided by {' and '.join(map(str, providers))}. {advice}"


def _check_record(kind: str, record: Any) -> None:
    if not isinstance(record, Plugin):
        raise PluginError(f"limefw_{kind} must yield limefw.Plugin records, got {type(record).__name__}")
    if not isinstance(record.name, str) or not re.fullmatch(r"[a-z][a-z0-9_.-]*", record.name) or record.name == "auto":
        raise PluginError(f"{record.name!r} cannot be a plug-in's name: use a-z, 0-9, '_', '-', '.'; not 'auto'")
    if not callable(record.call):
        raise PluginError(f"{record.name!r} is {type(record.call).__name__}, which cannot be called")
    signature_of(record)


def _accepts(found: Found, source: Any) -> bool:
    if found.plugin.accepts is None:
        return False
    try:
        return bool(found.plugin.accepts(source))
    except Exception:  # noqa: BLE001 - a plug-in that cannot even look at it does not take it
        _log.exception("%s %r of %s failed to say what it accepts", found.kind, found.plugin.name, found.provider)
        return False


@lru_cache(maxsize=1)
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
