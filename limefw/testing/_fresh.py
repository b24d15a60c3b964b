"""The plug-in in a fresh process: what its module loads, what its calls import, write and print, and what they return.

A fresh process has other hashes of strings, other global random states and no memory of earlier calls; the examples
come in the opposite order. Whatever comes out differently there depends on something other than data and rng.
"""

import ast
import builtins
import contextlib
import importlib
import io
import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

from limefw.stage import function_of
from limefw.testing._subject import Skip, Subject
from limefw.testing._watch import bits


HEAVY = frozenset({
    "cv2", "jax", "jinja2", "keras", "matplotlib", "onnxruntime", "pandas", "PIL", "polars", "rich", "scipy", "skimage",
    "sklearn", "tensorflow", "torch", "torchvision", "transformers", "xgboost",
})  # fmt: skip
"""What no plug-in module may load when it is imported, declared or not."""

COMES_ALONG = frozenset({
    "annotated_types", "click", "cv2", "jinja2", "limefw", "limefw_plugins", "markupsafe", "matplotlib", "numpy", "PIL",
    "pluggy", "pydantic", "rich", "scipy", "skimage", "sklearn",
})  # fmt: skip
"""What is there wherever limefw is: naming it in ``requires`` is allowed, not needed."""

LIMIT = 600.0
"""Seconds that the fresh process may take."""

REFUSED = "refused"


@dataclass(slots=True)
class Abroad:
    """What was seen in the fresh process.

    Args:
        error: why its module could not be imported, or empty.
        loaded: heavy libraries that importing its module loads, or asking it what it accepts.
        seconds: of computing that the import took.
        bits: digest of what each example gave; REFUSED where it was refused; missing where it failed.
        undeclared: libraries without which its calls fail, and which it does not say that it needs.
        unused: libraries in ``requires`` that nothing of its package ever imports.
        written: files that it wrote.
        by_import: how many of them when its module was imported.
        printed: the first line that it printed.
    """

    error: str = ""
    loaded: list[str] = field(default_factory=list)
    seconds: float = 0.0
    bits: dict[str, str] = field(default_factory=dict)
    undeclared: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    by_import: int = 0
    printed: str = ""


def abroad(s: Subject) -> Abroad:
    """Return what was seen of a plug-in in a fresh process, which is started once.

    Raises:
        Skip: where another process cannot find its function.
    """
    if s.abroad is None:
        s.abroad = _asked(s)
    found: Abroad = s.abroad
    return found


def _asked(s: Subject) -> Abroad:
    module = function_of(s.plugin.call).__module__
    last = module.rpartition(".")[2]
    if module == "__main__" or last.startswith("test_") or last.endswith("_test") or last == "conftest":
        raise Skip(f"it lives in {'a test' if module != '__main__' else module}")
    try:
        parcel = pickle.dumps(s.stage) + pickle.dumps((s.given, s.source))
    except Exception as error:
        raise Skip("its source cannot be sent there" if s.source is not None else "") from error
    with tempfile.TemporaryDirectory() as folder:
        places = [str(Path(place).absolute()) for place in sys.path]
        code = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); import limefw.testing._fresh as f; f.answer()"
        command = [sys.executable, "-c", code, json.dumps(places), module, *s.plugin.requires]
        environment = {**os.environ, "PYTHONHASHSEED": "1", "TMPDIR": folder}
        try:
            done = subprocess.run(  # noqa: S603 - our own text
                command, input=parcel, capture_output=True, check=False, env=environment, timeout=LIMIT
            )
        except subprocess.TimeoutExpired:
            return Abroad(error=f"it is not done after {LIMIT:.0f} s")
    try:
        return Abroad(**json.loads(done.stdout.splitlines()[-1]))
    except (ValueError, TypeError, IndexError):
        return Abroad(error=(done.stderr.decode(errors="replace").strip().splitlines() or ["it ended at once"])[-1])


def answer() -> None:
    """Be the fresh process: read a parcel from standard input, write what was seen to standard output."""
    from limefw.testing._kinds import KINDS

    module, required, found = sys.argv[2], sys.argv[3:], Abroad()
    out = sys.stdout
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        _note_writing(found, module.partition(".")[0])
        began = time.process_time()
        importlib.import_module(module)
        found.seconds = time.process_time() - began
        found.by_import = len(found.written)
        stage = pickle.load(sys.stdin.buffer)  # noqa: S301 - made by our own parent
        for thing in (None, 3, "a text", Path("no.such.file")):
            with contextlib.suppress(Exception):
                (stage.plugin.accepts or bool)(thing)
        found.loaded = sorted(_tops() & (HEAVY | set(required)))
        given, source = pickle.load(sys.stdin.buffer)  # noqa: S301 - a source may load libraries of its own
        _call(found, Subject(KINDS[stage.kind], stage, source, given), required)
    found.printed = next(iter(printed.getvalue().splitlines()), "")
    print(json.dumps(asdict(found)), file=out)


def _call(found: Abroad, subject: Subject, required: list[str]) -> None:
    examples = subject.spec.examples(subject)
    root = function_of(subject.plugin.call).__module__.partition(".")[0]
    with _noting_imports(root) as imported:
        for name, data in reversed(examples.items()):
            try:
                found.bits[name] = bits(subject.outcome(data))
            except subject.spec.refusals:
                found.bits[name] = REFUSED
            except Exception:  # noqa: BLE001, S112 - what fails here failed before, and is told
                continue
    if examples:
        named = _named_by(root)
        found.unused = [library for library in required if library not in _tops() | named]
    known = sys.stdlib_module_names | COMES_ALONG | {root} | set(required)
    working = [data for name, data in examples.items() if found.bits.get(name, REFUSED) != REFUSED]
    found.undeclared = [name for name in imported if name not in known and _fails_without(name, subject, working)]


def _fails_without(library: str, subject: Subject, examples: list[Any]) -> bool:
    """Say whether the calls that worked fail where a library is not installed (the last thing that is tried)."""
    for name in [name for name in sys.modules if name.partition(".")[0] == library]:
        del sys.modules[name]
    cast("dict[str, Any]", sys.modules)[library] = None  # Python's own way to forbid an import
    try:
        for data in examples:
            subject.outcome(data)
    except ImportError:
        return True
    except Exception:  # noqa: BLE001 - something else that the missing library brought about
        return False
    return False


def _tops() -> set[str]:
    return {name.partition(".")[0] for name in sys.modules}


@contextlib.contextmanager
def _noting_imports(root: str) -> Iterator[list[str]]:
    """Note what the modules of one package import, and not what these libraries import in turn."""
    real, imported = builtins.__import__, list[str]()

    def noting(name: str, globals: Any = None, *rest: Any, **named: Any) -> Any:  # noqa: A002 - as the real one
        importer = str((globals or {}).get("__name__", "")).partition(".")[0]
        top = name.partition(".")[0]
        relative = (rest[2] if len(rest) > 2 else named.get("level", 0)) > 0
        if importer == root and not relative and top not in imported:
            imported.append(top)
        return real(name, globals, *rest, **named)

    builtins.__import__ = noting
    try:
        yield imported
    finally:
        builtins.__import__ = real


def _note_writing(found: Abroad, root: str) -> None:
    """Note files opened for writing, but for caches and temporary ones (an audit hook stays until the process ends)."""
    spared, here = Path(tempfile.gettempdir()).absolute(), Path.cwd()

    def hook(event: str, arguments: Any) -> None:
        if event != "open" or not isinstance(arguments[0], str | bytes):
            return
        path = Path(os.fsdecode(arguments[0])).absolute()
        home = Path(getattr(sys.modules.get(root), "__file__", None) or here).absolute().parent
        writes = (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        elsewhere = path.is_relative_to(spared) or path.is_relative_to("/dev")
        if writes and not elsewhere and not _hidden(path, here, home) and str(path) not in found.written:
            found.written.append(str(path))

    sys.addaudithook(hook)


def _hidden(path: Path, *folders: Path) -> bool:
    """Say whether a file is in a hidden folder or a cache, below the first of the folders that holds it at all."""
    folder = next((folder for folder in folders if path.is_relative_to(folder)), None)
    parts = (path.relative_to(folder) if folder else path).parts  # the folders may well lie in a hidden one themselves
    return any(part.startswith(".") or part == "__pycache__" for part in parts)


def _named_by(root: str) -> set[str]:
    """Return the top names of all that the loaded modules of a package import anywhere in their text."""
    found = set()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if name.partition(".")[0] != root or not file.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(Path(file).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {item.name.partition(".")[0] for item in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add((node.module or "").partition(".")[0])
    return found
