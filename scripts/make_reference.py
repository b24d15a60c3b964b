"""Write the generated pages, and the generated parts of written ones, under docs; ``--check`` says which are stale.

A written page holds parts like this one; what is between the marks is made anew:

    <!-- made: call segmenters -->
    <!-- end -->
"""

import argparse
import os
import sys
from pathlib import Path


def main() -> int:
    """Write or check every page."""
    # pages do not depend on what else is installed
    os.environ["LIMEFW_PLUGINS"] = "limefw"
    from reference import api, cli, parts, plugins
    from reference.parts import DOCS

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--check", action="store_true")
    check = options.parse_args().check
    made = {**plugins.pages(), "reference/cli.md": cli.page(), "reference/api.md": api.page()}
    made |= parts.pages()
    stale = [name for name, text in made.items() if not _reads(DOCS / name, text)]
    gone = [str(path.relative_to(DOCS)) for path in (DOCS / "reference/plugins").glob("*.md")]
    gone = [name for name in gone if name not in made]
    if not check:
        for name in stale:
            (DOCS / name).parent.mkdir(parents=True, exist_ok=True)
            (DOCS / name).write_text(made[name], encoding="utf-8")
        for name in gone:
            (DOCS / name).unlink()
        return 0
    if stale or gone:
        sys.stderr.write(f"stale: {', '.join(stale + gone)}. Run: poe docs\n")
    return 1 if stale or gone else 0


def _reads(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
