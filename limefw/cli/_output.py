"""Where ``limefw explain`` and ``draw`` put what they made: the result first, then each rendering, the gist last."""

import os
import secrets
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from limefw._files import check_suffix, check_writable
from limefw.cli._terminal import say
from limefw.errors import InputError, LimefwError


DEFAULT = Path("limefw-out")


@dataclass(frozen=True, slots=True)
class Target:
    """What --out means.

    Args:
        folder: where files go.
        file: the only one, or None.
        printed: nothing is written.
        inputs: files that the command reads, none of which is overwritten.
    """

    folder: Path = DEFAULT
    file: Path | None = None
    printed: bool = False
    inputs: tuple[Path, ...] = ()

    @classmethod
    def of(cls, out: str | None, inputs: tuple[Path, ...] = ()) -> "Target":
        """Read --out: "-", a folder (an existing one, or a name with a slash behind or without a suffix), or a file.

        A number behind the last dot, as in results-v1.2, is no suffix.
        """
        if out is None or out == "-":
            return cls(printed=out == "-", inputs=inputs)
        path = Path(out)
        is_file = path.suffix.strip(".0123456789") and not path.is_dir() and not out.endswith(("/", os.sep))
        return cls(file=path, inputs=inputs) if is_file else cls(path, inputs=inputs)

    def check(self, stages: Sequence[Any], stem: str, modality: str) -> None:
        """See that what these renderers make can be put there, before the model is paid for.

        Raises:
            StoreError: where it cannot.
            InputError: where the file's name promises another format, or an input would be overwritten, as far as the
                renderer says what it makes.
        """
        if self.printed:
            return
        for stage in stages:
            suffix = "" if stage == "limefw" else stage.plugin.suffix
            if self.file is not None and suffix:
                check_suffix(self.file, suffix, f"what {stage.name} makes")
            self.check_spares(self.place(stage, suffix, stem, modality))
        self.check_folder()

    def check_folder(self) -> None:
        """See that files can be put into the folder.

        Raises:
            StoreError: where they cannot.
        """
        if self.file is None:
            check_writable(self.folder)
        elif self.file.is_file() or not self.file.exists():  # what is no file (a pipe) is written to as it is
            check_writable(Path(os.path.realpath(self.file)).parent)

    def check_spares(self, path: Path) -> None:
        """See that a file to be written is none of those that are read.

        Raises:
            InputError: where it is one.
        """
        for given in self.inputs:
            if os.path.exists(path) and os.path.exists(given) and path.samefile(given):  # noqa: PTH110
                raise InputError(f"this would overwrite {given}, which it reads: give --out another file or folder")

    def place(self, stage: Any, suffix: str, stem: str, modality: str) -> Path:
        """Return the file for what a renderer makes, or for the result itself ("limefw")."""
        if self.file is not None:
            return self.file
        if stage == "limefw":
            return self.folder / f"{stem}.limefw"
        name = stage.name.removeprefix(f"{modality}_")
        return self.folder / f"{stem if name in suffix else f'{stem}-{name}'}{suffix}"


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
    """Save what an error would lose, if that can be anywhere, and note on the error where."""
    # a name in the folder of everybody's temporary files must be one that nobody can have guessed
    elsewhere = Path(tempfile.gettempdir()) / f"{stem}-{secrets.token_hex(4)}.limefw"
    for path in (target.folder / f"{stem}.limefw", DEFAULT / f"{stem}.limefw", elsewhere):
        with suppress(LimefwError):
            error.add_note(f"What was computed is in {explanation.save(path)}.")
            return


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
    if attempts.errors and not kept and not any(path.suffix == ".limefw" for path in written):
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
    suffix = "" if stage == "limefw" else made.suffix
    path = target.place(stage, suffix, stem, explanation.instance.modality)
    if target.file is None:
        path = _unused(path, suffix, written)
    target.check_spares(path)
    written.append(made.save(path))


def _unused(path: Path, suffix: str, written: Sequence[Path]) -> Path:
    """Return the name with, where a rendering of this run has it already, the next number behind it."""
    base = path.name.removesuffix(suffix)
    names = (path.with_name(f"{base}{number}{suffix}") for number in ("", *(f"-{n}" for n in range(2, 10_000))))
    return next(name for name in names if name not in written)
