"""The contact sheet of the background check: a picture for each photograph, as a figure and as a page."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import limefw


COLORS = {"background": "#c2410c", "object": "#15803d", "no conclusion": "#6b7280", "failed": "#6b7280"}
GREEN = np.array([0.0, 0.72, 0.25])
LONGEST = 420
"""Pixels of a panel's longer side: a folder of thousands must fit into memory."""


@dataclass(frozen=True)
class Panel:
    """A small picture.

    Args:
        pixels: ``(h, w, 3)`` in 0..1: the photograph in grey, green where it speaks for the prediction.
        inside: ``(h, w)`` True where the object is.
    """

    pixels: NDArray[np.float64]
    inside: NDArray[np.bool_]


def panel(explanation: limefw.Explanation, inside: NDArray[np.bool_]) -> Panel:
    """Draw what speaks for the prediction: the greener, the more."""
    photo, step = explanation.instance.unit(), max(1, -(-max(inside.shape) // LONGEST))
    photo, inside, support = photo[::step, ::step], inside[::step, ::step], explanation.values[::step, ::step]
    grey = 0.25 + 0.65 * photo.mean(axis=2, keepdims=True)
    support = np.maximum(support, 0.0)
    alpha = 0.75 * support[..., None] / max(float(support.max()), 1e-12)
    return Panel((1 - alpha) * grey + alpha * GREEN * (0.45 + 0.75 * grey), inside)


def draw(axes: Any, shown: Panel | None) -> None:
    """Draw a panel, with a line around the object."""
    axes.set_xticks([])
    axes.set_yticks([])
    if shown is None:
        axes.set_facecolor("#e5e7eb")
        axes.text(0.5, 0.5, "not explained", ha="center", va="center", color="#374151", transform=axes.transAxes)
        return
    axes.imshow(np.clip(shown.pixels, 0, 1), interpolation="nearest")
    edge = np.pad(shown.inside.astype(float), 1)  # so that a line at the picture's border is drawn too
    x, y = np.arange(edge.shape[1]) - 1, np.arange(edge.shape[0]) - 1
    axes.contour(x, y, edge, levels=[0.5], colors="black", linewidths=3.0)
    axes.contour(x, y, edge, levels=[0.5], colors="#fde047", linewidths=1.4)
    height, width = shown.inside.shape
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))


def captions(finding: Any) -> tuple[str, str, str]:
    """Return the prediction and two lines of figures."""
    if finding.prediction is None:
        return "could not be explained", finding.reason, ""
    probability = "" if finding.probability is None else f" {finding.probability:.2f}"
    fidelity = "unknown" if finding.fidelity is None else f"{finding.fidelity:.2f}"
    outside = "nothing speaks for it" if finding.outside is None else f"{finding.outside:.0%} outside"
    if finding.outside is not None:
        margin = "not known" if finding.margin is None else f"{finding.margin:.0%}"
        outside += f" (± {margin}), even spread {finding.even:.0%}"
    alone = ""
    if finding.background_alone is not None:
        alone = f"alone: object {finding.object_alone:.2f}, background {finding.background_alone:.2f}; "
    return f"{finding.prediction}{probability}", outside, f"{alone}fidelity {fidelity}"


def ordered(findings: Sequence[Any], panels: Sequence[Panel | None]) -> list[tuple[Any, Panel | None]]:
    """Return findings with their panels: the background-driven first, then by the share outside."""
    rank = list(COLORS)
    rank = [rank[0], rank[2], rank[1], rank[3]]
    pairs = list(zip(findings, panels, strict=True))
    return sorted(pairs, key=lambda pair: (rank.index(pair[0].verdict), -(pair[0].outside or 0.0)))


def png(findings: Sequence[Any], panels: Sequence[Panel | None], columns: int = 4) -> Any:
    """Return the contact sheet as a matplotlib figure."""
    from matplotlib.figure import Figure

    columns = min(columns, len(findings))
    rows = -(-len(findings) // columns)
    figure = Figure(figsize=(3.4 * columns, 3.7 * rows + 0.7), layout="constrained")
    figure.get_layout_engine().set(h_pad=0.08)
    figure.suptitle(
        "Green speaks for the prediction; the yellow line is the object (or the central half of the picture)", size=11
    )
    grid = np.atleast_1d(figure.subplots(rows, columns)).ravel()
    for axes, (finding, shown) in zip(grid, ordered(findings, panels), strict=False):
        draw(axes, shown)
        color, lines = COLORS[finding.verdict], [Path(finding.file).name, *captions(finding)[1:]]
        axes.set_title(_cut(captions(finding)[0], 32), size=11, weight="bold")
        axes.set_xlabel("\n".join(_cut(line, 54) for line in lines), size=8)
        axes.text(
            0.02, 0.97, finding.verdict.upper(), size=9, weight="bold", color="white", ha="left", va="top",
            transform=axes.transAxes, bbox={"facecolor": color, "edgecolor": "white", "boxstyle": "round,pad=0.25"},
        )  # fmt: skip
        for side in axes.spines.values():
            side.set(color=color, linewidth=3)
    for axes in grid[len(findings) :]:
        axes.set_axis_off()
    return figure


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _jpeg(shown: Panel) -> str:
    """Return a panel as a data URI."""
    from matplotlib.figure import Figure

    height, width = shown.inside.shape
    figure = Figure(figsize=(width / 100, height / 100))
    draw(figure.add_axes((0, 0, 1, 1)), shown)
    file = io.BytesIO()
    figure.savefig(file, format="jpeg", dpi=100, pil_kwargs={"quality": 85})
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Background check</title>
<meta name="viewport" content="width=device-width">
<style>
 body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #111827 }
 .cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1rem }
 figure { margin: 0; border: 3px solid var(--c); border-radius: 6px; overflow: hidden; background: #f9fafb }
 figure img { width: 100%; height: 13rem; object-fit: contain; background: #1f2937; display: block }
 figcaption { padding: .5rem .7rem } small { color: #4b5563; overflow-wrap: anywhere }
 .verdict { background: var(--c); color: white; font-weight: 700; padding: .1rem .5rem; display: inline-block }
 table { border-collapse: collapse; width: 100%; margin-top: 2rem } td, th { padding: .3rem .5rem; text-align: left }
 tr { border-bottom: 1px solid #d1d5db } td.n { text-align: right; font-variant-numeric: tabular-nums }
</style>
<h1>Background check</h1>
<p>{{ summary }} The model is {{ about.model }}.</p>
<p>Green speaks for the prediction. The yellow line is the object, as a mask says, or the central half of the picture.
A prediction <b>looks background-driven</b> where surely more than {{ "%.0f" % (100 * about.threshold) }} % of its
support lies outside that line. "Even spread" is what would lie outside if the model looked everywhere alike;
"alone" is the prediction's probability with all else filled with its mean colour, and takes back a verdict that it
does not bear out.
Where the explanation's fidelity is below {{ "%.2f" % about.min_fidelity }}, <b>nothing can be concluded</b>: that is no
acquittal.
</p>
<div class="cards">
{% for finding, picture, lines, color in cards %}<figure style="--c: {{ color }}">
 {% if picture %}<img src="{{ picture }}" alt="what speaks for {{ finding.prediction }}">{% endif %}
 <figcaption><span class="verdict">{{ finding.verdict }}</span><br><b>{{ lines[0] }}</b>
 <br>{{ finding.reason }}<br>
 {% if lines[2] %}{{ lines[2] }}<br>{% endif %}
 <small>{{ finding.file.replace("\\\\", "/").split("/")[-1] }}</small></figcaption></figure>
{% endfor %}</div>
<table><tr><th>file<th>prediction<th>p<th>region<th>outside<th>even spread<th>fidelity<th>object alone
<th>background alone<th>verdict</tr>
{% for it, _, _, _ in cards %}<tr><td>{{ it.file.replace("\\\\", "/").split("/")[-1] }}<td>{{ it.prediction or "" }}
<td class="n">{{ number(it.probability) }}<td>{{ it.region or "" }}<td class="n">{{ number(it.outside) }}
<td class="n">{{ number(it.even) }}<td class="n">{{ number(it.fidelity) }}<td class="n">{{ number(it.object_alone) }}
<td class="n">{{ number(it.background_alone) }}<td>{{ it.verdict }}</tr>
{% endfor %}</table></html>
"""


def html(findings: Sequence[Any], panels: Sequence[Panel | None], about: dict[str, Any]) -> str:
    """Return the contact sheet and the table as one page that needs nothing else."""
    import jinja2

    cards = [
        (finding, None if shown is None else _jpeg(shown), captions(finding), COLORS[finding.verdict])
        for finding, shown in ordered(findings, panels)
    ]
    counts = {verdict: sum(it.verdict == verdict for it in findings) for verdict in COLORS}
    summary = (
        f"Of {len(findings)} predictions {counts['background']} look background-driven and {counts['object']} "
        f"object-driven; of {counts['no conclusion']} nothing can be concluded; {counts['failed']} failed."
    )
    template = jinja2.Environment(autoescape=True).from_string(PAGE)
    return template.render(cards=cards, summary=summary, about=about, number=_number)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
