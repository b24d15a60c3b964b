"""Named recipes: a TOML file each."""

from collections.abc import Iterator
from pathlib import Path

from limefw.hookspecs import hookimpl


@hookimpl
def limefw_recipes() -> Iterator[tuple[str, Path]]:
    """Yield a name and a file for each recipe beside this one."""
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        yield path.stem, path
