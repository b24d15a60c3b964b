"""From Google docstrings and source text to Markdown."""

import ast
import inspect
import re
import textwrap
from typing import Any


NOTE = "<!-- Written by scripts/make_reference.py: change the docstrings, then run `poe docs`. -->\n\n"
SECTIONS = ("Args", "Returns", "Raises", "Yields")


def slug(heading: str) -> str:
    """Return the anchor that code hosts and MyST give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def cell(text: str) -> str:
    """Return text for a cell of a table."""
    return text.replace("|", r"\|")


def body(thing: Any) -> str:
    """Return what a docstring says before its first section."""
    return sections(inspect.getdoc(thing) or "")[""]


def sections(docstring: str) -> dict[str, str]:
    """Return section -> its text, dedented; "" is what stands before the first."""
    found: dict[str, list[str]] = {"": []}
    name = ""
    for line in docstring.splitlines():
        head = line.strip().removesuffix(":")
        if line == f"{head}:" and head in SECTIONS:
            name = head
            found[name] = []
        else:
            found[name].append(line)
    return {name: textwrap.dedent("\n".join(lines)).strip() for name, lines in found.items()}


def described(docstring: str, section: str = "Args") -> dict[str, str]:
    """Return parameter -> what its docstring says of it."""
    found: dict[str, str] = {}
    name = ""
    for line in sections(docstring).get(section, "").splitlines():
        if line and not line.startswith(" ") and ": " in line:
            name, _, found[name] = line.partition(": ")
        elif name:
            found[name] = f"{found[name]} {line.strip()}".strip()
    return found


def markdown(thing: Any) -> str:
    """Return a docstring as Markdown: text, then a list for each section."""
    docstring = inspect.getdoc(thing) or ""
    parts = [body(thing)]
    for section, text in sections(docstring).items():
        items = described(docstring, section)
        if section in ("Args", "Raises") and items:
            title = {"Args": "Parameters", "Raises": "Raises"}[section]
            parts.append("\n".join([f"**{title}**\n", *(f"- `{name}`: {what}" for name, what in items.items())]))
        elif section:
            parts.append(f"**{section}** {text}")
    return "\n\n".join(parts)


def signature(thing: Any, name: str) -> str:
    """Return how to call a function or make a class, in the words of its source: aliases are kept by name."""
    node: Any = ast.parse(textwrap.dedent(inspect.getsource(thing))).body[0]
    if isinstance(node, ast.ClassDef):
        return _written(name, _fields(node), "")
    own = [argument for argument in _arguments(node.args) if argument not in ("self", "cls")]
    own = own[1:] if own[:1] == ["/"] else own
    return _written(name, own, f" -> {ast.unparse(node.returns)}" if node.returns else "")


def _written(name: str, arguments: list[str], returns: str) -> str:
    line = f"{name}({', '.join(arguments)}){returns}"
    if len(line) <= 96:
        return line
    inside = "".join(f"    {argument},\n" for argument in arguments)
    return f"{name}(\n{inside}){returns}"


def _arguments(given: ast.arguments) -> list[str]:
    """Return each argument as it is written, with the marks ``/`` and ``*``."""
    plain = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(plain) - len(given.defaults)) + list(given.defaults)
    found = [_argument(argument, default) for argument, default in zip(plain, defaults, strict=True)]
    if given.posonlyargs:
        found.insert(len(given.posonlyargs), "/")
    if given.vararg:
        found.append(f"*{ast.unparse(given.vararg)}")
    elif given.kwonlyargs:
        found.append("*")
    found += [_argument(one, default) for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    return [*found, f"**{ast.unparse(given.kwarg)}"] if given.kwarg else found


def _argument(argument: ast.arg, default: ast.expr | None) -> str:
    if default is None:
        return ast.unparse(argument)
    sign = " = " if argument.annotation else "="
    return f"{ast.unparse(argument)}{sign}{ast.unparse(default)}"


def _fields(node: ast.ClassDef) -> list[str]:
    """Return what a class is made from: the arguments of ``__init__``, else the fields of a dataclass."""
    for item in node.body:
        if isinstance(item, ast.FunctionDef) and item.name == "__init__":
            return _arguments(item.args)[1:]
    if not any("dataclass" in ast.unparse(mark) for mark in node.decorator_list):
        return []
    found = []
    for item in node.body:
        if not isinstance(item, ast.AnnAssign) or "ClassVar" in ast.unparse(item.annotation):
            continue
        value = ast.unparse(item.value) if item.value else ""
        if "init=False" not in value:
            made = "..." if "default_factory" in value else value
            found.append(f"{ast.unparse(item.target)}: {ast.unparse(item.annotation)}" + (f" = {made}" if made else ""))
    return found
