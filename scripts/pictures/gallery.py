"""docs/gallery.md: one photograph through every segmenter, filler, surrogate and renderer that is registered."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import limefw
from limefw.cli.plugins import parameters
from limefw.contracts import check_segments
from limefw.errors import LimefwError, MissingDependencyError
from limefw.pipeline import stream

from pictures.cat import Cat, save, save_drawn


NOTE = "<!-- Written by scripts/make_pictures.py: run `poe docs`. -->\n\n"

SETTINGS: dict[tuple[str, str], dict[str, Any]] = {}
"""For a plug-in that shows nothing of itself by its defaults."""

HEAD = """# Gallery

One photograph (Chelsea, by Stéfan van der Walt, CC0), one model (the embedded EfficientNet-Lite0), and every
plug-in that comes with limefw, with its defaults. The label is what the model found most probable: {label},
{prediction:.2f}. Everything here is made by `scripts/make_pictures.py`; {samples} samples, seed 0.
"""

INTRODUCTIONS = {
    "segmenters": "Where the parts are that an explanation speaks about. About ten samples for each are advisable.",
    "fillers": "What hidden parts show: half of the superpixels, the same ones in every picture. The number is what\n"
    "the model then says.",
    "surrogates": "One set of samples, fitted by each surrogate. R² is that on samples left out: how much of what the\n"
    "model says in variants the surrogate foresees.",
    "renderers": "One explanation, drawn by each renderer (by a tree where one draws trees alone).",
}


def page(cat: Cat, docs: Path) -> str:
    """Draw everything and return the page."""
    first = cat.explained.labels[0]
    facts = {"label": cat.explained.names[first], "prediction": cat.explained.prediction(first), "samples": cat.samples}
    parts = [NOTE, HEAD.format(**facts)]
    makers: dict[str, Callable[[Cat, str, Path], tuple[str, str]]] = {
        "segmenters": _segmenter,
        "fillers": _filler,
        "surrogates": _surrogate,
    }
    for kind, make in makers.items():
        cells, words = [], []
        for name in _names(kind):
            try:
                cells.append(make(cat, name, docs))
            except LimefwError as error:
                words.append(_words(kind, name, error))
        parts += [f"\n## {kind.capitalize()}\n\n{INTRODUCTIONS[kind]}\n\n", _table(cells), *words]
    parts.append(f"\n## Renderers\n\n{INTRODUCTIONS['renderers']}\n")
    for name in _names("renderers"):
        try:
            shown = _renderer(cat, name, docs)
        except LimefwError as error:
            shown = _words("renderers", name, error)
        parts.append(f"\n### `{name}`\n\n{shown}\n")
    return "".join(parts)


def _names(kind: str) -> list[str]:
    found = limefw.registry().all(kind)
    return [item.plugin.name for item in found if item.plugin.modality in (None, "image")]


def _link(kind: str, name: str) -> str:
    return f"[`{name}`](reference/plugins/{kind}.md#{name})"


def _words(kind: str, name: str, error: Exception) -> str:
    """Say why a plug-in has no picture."""
    if isinstance(error, MissingDependencyError):
        return f"\n{_link(kind, name)} has no picture: it needs a library that is not among limefw's own.\n"
    first = str(error).splitlines()[0]
    return f"\n{_link(kind, name)} has no picture here: {first}\n"


def _table(cells: list[tuple[str, str]], columns: int = 2) -> str:
    """Return pictures side by side, each above its caption."""
    rows = [cells[at : at + columns] for at in range(0, len(cells), columns)]
    lines = []
    for place, row in enumerate(rows):
        filled = row + [("", "")] * (columns - len(row))
        lines.append("| " + " | ".join(f"{picture}{'<br>' * bool(text)}{text}" for picture, text in filled) + " |")
        if not place:
            lines.append("|" + "---|" * columns)
    return "\n".join(lines) + "\n"


def _stage(cat: Cat, kind: str, name: str) -> Any:
    plugin = limefw.registry().get(kind, name)
    given = SETTINGS.get((kind, name), {})
    missing = [item.name for item in parameters(plugin) if item.required and item.name not in given]
    if missing:
        raise LimefwError(f"it needs `{'`, `'.join(missing)}`.")
    return cat.stage(kind, name, **given)


def _picture(made: Any, docs: Path, kind: str, name: str, said: str, width: int = 451) -> str:
    keep = save_drawn if isinstance(made, limefw.Rendering) else save
    path = keep(made, docs / "images" / "gallery" / f"{kind}-{name}.webp", width)
    return f"![{said}]({path.relative_to(docs).as_posix()})"


def _segmenter(cat: Cat, name: str, docs: Path) -> tuple[str, str]:
    stage = _stage(cat, "segmenters", name)
    found = check_segments(stage(cat.framed, stream(0, "segmenters")), cat.framed.shape, stage)
    picture = _picture(cat.outlined(found.labels), docs, "segmenters", name, f"superpixels by {name}")
    return picture, f"{_link('segmenters', name)}: {found.count} segments"


def _filler(cat: Cat, name: str, docs: Path) -> tuple[str, str]:
    stage = _stage(cat, "fillers", name)
    pixels = cat.hidden(stage, cat.codes[:2])
    answer = cat.model.head.columns(cat.model.predict(_prepared(cat, pixels)))[1, cat.explained.labels[0]]
    picture = _picture(cat.shown(pixels[1]), docs, "fillers", name, f"half of the superpixels hidden by {name}")
    return picture, f"{_link('fillers', name)}: {answer:.2f}"


def _prepared(cat: Cat, pixels: Any) -> Any:
    from limefw.modalities.compose import preprocess

    ready = [preprocess(one, cat.framed.value_range, cat.model.contract) for one in pixels]
    return np.stack(ready)


def _surrogate(cat: Cat, name: str, docs: Path) -> tuple[str, str]:
    stage = _stage(cat, "surrogates", name)
    label = cat.explained.labels[0]
    explanation = cat.explain(surrogate=stage.to_mapping(), labels=[label])
    score = explanation.health.labels[label].cross_fitted
    fitted = "" if score is None else f"R² {score:.2f}, "
    count = len(explanation.top(None))
    picture = _picture(explanation.render("heatmap"), docs, "surrogates", name, f"effects by {name}", 600)
    return picture, f"{_link('surrogates', name)}: {fitted}{count} segments with an effect"


def _renderer(cat: Cat, name: str, docs: Path) -> str:
    """Return a rendering as Markdown can show it."""
    stage = _stage(cat, "renderers", name)
    try:
        drawn = cat.explained.draw(stage)
    except LimefwError:
        drawn = cat.by_tree.draw(stage)
    said = f"{_link('renderers', name)}, {drawn.media_type}, {_size(drawn.data)}."
    if drawn.media_type in ("image/png", "image/jpeg", "image/webp"):
        return f"{said}\n\n{_picture(drawn, docs, 'renderers', name, f'what {name} draws', 900)}"
    if drawn.media_type == "image/svg+xml" and len(drawn.data) < 150_000:
        drawn.save(docs / "images" / "gallery" / f"renderers-{name}.svg")
        return f"{said}\n\n![what {name} draws](images/gallery/renderers-{name}.svg)"
    if drawn.media_type == "text/html":
        drawn.save(docs / "_static" / "gallery" / f"{name}{drawn.suffix}")
        return f'{said} <a href="_static/gallery/{name}{drawn.suffix}">Open it.</a>'
    text = drawn.data if isinstance(drawn.data, str) else ""
    if drawn.media_type == "application/json":
        text = "\n".join(json.dumps(json.loads(drawn.data), indent=1).splitlines()[:24]) + "\n..."
    lines = text.splitlines()
    cut = "\n".join(lines[:40]) + ("\n..." if len(lines) > 40 else "")
    return f"{said}\n\n```text\n{cut}\n```" if text else said


def _size(data: bytes | str) -> str:
    return f"{len(data.encode() if isinstance(data, str) else data) / 1000:.0f} kB"
