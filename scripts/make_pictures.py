"""Make the pictures of docs/explanation/method.md and the whole gallery, from whatever plug-ins are registered.

It takes minutes. What is made is committed, small. Two machines may draw a pixel otherwise, so nothing compares
pictures; a test looks whether each plug-in is in the gallery.
"""

import os
import sys
import time
from pathlib import Path


DOCS = Path(__file__).parent.parent / "docs"
LARGEST = 150_000
"""Bytes of one picture."""


def main() -> int:
    """Make all of them anew."""
    os.environ["LIMEFW_PLUGINS"] = "limefw"
    from pictures import gallery, method
    from pictures.cat import Cat

    folders = [DOCS / folder for folder in ("images/method", "images/gallery", "_static/gallery")]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    started, cat = time.time(), Cat()
    method.draw(cat, DOCS / "images" / "method")
    (DOCS / "gallery.md").write_text(gallery.page(cat, DOCS), encoding="utf-8")
    for path in (path for folder in folders for path in folder.iterdir() if path.stat().st_mtime < started - 2):
        path.unlink()  # of a plug-in that is no longer there
    large = [path for path in (DOCS / "images").rglob("*.webp") if path.stat().st_size > LARGEST]
    if large:
        sys.stderr.write(f"larger than {LARGEST} bytes: {', '.join(str(path) for path in large)}\n")
    return 1 if large else 0


if __name__ == "__main__":
    sys.exit(main())
