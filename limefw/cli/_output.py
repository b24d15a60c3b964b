"""Where ``limefw explain`` and ``draw`` put what they made: the result first, then each rendering, the gist last."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from limefw._files import check_suffix
from limefw.cli._terminal import say
from limefw.errors import LimefwError, StoreError


DEFAULT = Path("limefw-out")


@dataclass(frozen=True, slots=True)
class Target:
    """What --out means.

    Args:
        folder: where files go.
        file: the only one, or None.
        printed: nothing is written.
    """

    folder: Path = DEFAULT
    file: Path | None = None
    printed: bool = False

    @classmethod
    def of(cls, out: str | None) -> "Target":
        """Read --out: "-", a folder (an existing one, or a name with a slash behind or without a suffix), or a file.

        A number behind the last dot, as in results-v1.2, is no suffix.
        """
        if out is None or out == "-":
            return cls(printed=out == "-")
        path = Path(out)
        is_file = path.suffix.strip(".0123456789") and not path.is_dir() and not out.endswith(("/", os.sep))
        return cls(file=path) if is_file else cls(path)

    def check(self, stages: Sequence[Any]) -> None:
        """See that what these renderers make can be put there, before the model is paid for.

        Raises:
            StoreError: where it cannot.
            InputError: where the file's name promises another format, as far as the renderer says what it makes.
        """
        if self.printed:
            return
        for stage in stages:
            if self.file is not None and stage != "limefw" and stage.plugin.suffix:
                check_suffix(self.file, stage.plugin.suffix, f"what {stage.name} makes")
        folder = self.folder if self.file is None else self.file.parent
        there = next((part for part in (folder, *folder.parents) if part.exists()), folder)
        if not there.is_dir():
            raise StoreError(f"{there} is a file, so nothing can be put into it: give --out a folder")
        if not os.access(there, os.W_OK):
            raise StoreError(f"no file may be written to {there}: give --out another folder")


@dataclass(slots=True)
class Attempts:
    """Things done one by one, of which some may fail."""

    errors: list[Exception] = field(default_factory=list)

    def attempt(self, make: Callable[..., Any], *arguments: Any) -> Any:
        """Return what `make` returns, or None where it fails."""
        try:
            return make(*arguments)
        except Exception as error:  # noqa: BLE001 - the others come first
            self.errors.append(error)
            return None

    def settle(self) -> None:
        """Raise the first error, with the others as its notes."""
        if not self.errors:
            return
        first, *others = self.errors
        for other in others:
            first.add_note(f"Also: {' '.join([told(other), *getattr(other, '__notes__', [])])}")
        raise first


def told(error: Exception) -> str:
    """Return an error as a sentence."""
    if isinstance(error, LimefwError):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def keep(error: BaseException, explanation: Any, target: Target, stem: str) -> None:
    """Save what an error would lose, if that can be, and note on the error where."""
    with suppress(LimefwError):
        kept = explanation.save(target.folder / f"{stem}.limefw")
        error.add_note(f"What was computed is in {kept}.")


def show(explanation: Any, stage: Any, stem: str, *, kept: bool = False) -> None:
    """Print a rendering; a page or figures in UTF-8, whatever the terminal's encoding is. `kept` is `write`'s."""
    try:
        rendering = explanation.draw(stage)
    except (Exception, KeyboardInterrupt) as error:
        if not kept:
            keep(error, explanation, Target(), stem)
        raise
    data = rendering.data
    if isinstance(data, str):
        data = data if data.endswith("\n") else f"{data}\n"
        data = data if rendering.media_type == "text/plain" else data.encode()
    click.echo(data, nl=False)


def write(
    explanation: Any, stages: Sequence[Any], target: Target, stem: str, *, kept: bool = False, gist: bool = True
) -> None:
    """Write every rendering that can be made, the result itself first; then print the gist and raise what failed.

    Args:
        explanation: the result.
        stages: settled renderers, and "limefw" for the result itself.
        target: where to.
        stem: of the files' names.
        kept: whether the result is in a file already, so that a failure loses nothing.
        gist: whether it is printed.
    """
    attempts, written = Attempts(), list[Path]()
    try:
        for stage in sorted(stages, key=lambda stage: stage != "limefw"):
            attempts.attempt(_save, explanation, stage, target, stem, written)
        text = attempts.attempt(explanation.render, "text") if gist else None
    except KeyboardInterrupt as error:
        if not kept:
            keep(error, explanation, target, stem)
        raise
    if attempts.errors and "limefw" not in stages and not kept:
        keep(attempts.errors[0], explanation, target, stem)
    try:
        for path in written:
            say(f"wrote {path}")
        if text is not None:
            click.echo(text.data)
    finally:
        attempts.settle()


def _save(explanation: Any, stage: Any, target: Target, stem: str, written: list[Path]) -> None:
    made = explanation if stage == "limefw" else explanation.draw(stage)
    if target.file is not None:
        path = target.file
    elif stage == "limefw":
        path = target.folder / f"{stem}.limefw"
    else:
        name = stage.name.removeprefix(f"{explanation.instance.modality}_")
        path = _unused(target.folder / (stem if name in made.suffix else f"{stem}-{name}"), made.suffix, written)
    written.append(made.save(path))


def _unused(base: Path, suffix: str, written: Sequence[Path]) -> Path:
    """Return the name with, where a rendering of this run has it already, the next number behind it."""
    names = (base.with_name(f"{base.name}{number}{suffix}") for number in ("", *(f"-{n}" for n in range(2, 10_000))))
    return next(path for path in names if path not in written)
