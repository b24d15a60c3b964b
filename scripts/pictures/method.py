"""The pictures of docs/explanation/method.md."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from limefw.types import Draws

from pictures.cat import Cat, save, save_drawn, save_figure


INK, FOR, AGAINST = "#333333", "#1a7f37", "#b02a30"


def draw(cat: Cat, folder: Path) -> None:
    """Draw all of them."""
    save(cat.outlined(cat.segments.labels), folder / "segments.webp")
    for name, make in (
        ("variants", variants),
        ("kernel", kernel),
        ("fit", fit),
        ("seeds", seeds),
        ("fillers", fillers),
    ):
        save_figure(make(cat), folder / f"{name}.webp")
    save_drawn(cat.explained.render({"use": "bars", "top": 8}), folder / "effects.webp", 1000)


def _plain(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK)


def variants(cat: Cat) -> Figure:
    """Six of the pictures that the model is shown, each with what it says."""
    codes = cat.codes[[0, 1, 2, 3, 4, 5]]
    pixels = cat.hidden(cat.stage("fillers", "mean_color"), codes)
    answers = cat.explained.neighbourhood.targets[:6, 0]
    figure = Figure(figsize=(8.2, 4.1), layout="constrained")
    for axes, picture, answer, code in zip(figure.subplots(2, 3).flat, pixels, answers, codes, strict=True):
        axes.imshow(cat.shown(picture))
        axes.set_axis_off()
        axes.set_title(f"{(~code).sum()} of {len(code)} hidden: {answer:.2f}", fontsize=10, color=INK)
    return figure


def kernel(cat: Cat) -> Figure:
    """What a variant weighs, by how much of it is hidden; and how much is hidden in those that were drawn."""
    width = cat.segments.count
    codes = np.tril(np.ones((width + 1, width), dtype=bool), -1)[::-1]
    hidden = 1 - codes.mean(axis=1)
    figure = Figure(figsize=(7.4, 3.1), layout="constrained")
    axes = figure.subplots()
    spread = axes.twinx()
    spread.hist(1 - cat.codes.mean(axis=1), bins=np.linspace(0, 1, 31), color="#d9d9d9")
    spread.set_ylabel("variants drawn", color="#8a8a8a")
    spread.spines[["top", "right"]].set_visible(False)
    axes.set_zorder(1)
    axes.patch.set_visible(False)
    styles = {"cosine_exponential": (FOR, "-"), "symmetric": ("#8250df", "--"), "flat": (INK, ":")}
    for name, (color, style) in styles.items():
        weights = np.asarray(cat.stage("kernels", name)(Draws(codes), None))
        axes.plot(hidden, weights, style, color=color, label=name)
    near = np.asarray(cat.stage("kernels", "cosine_exponential", width=0.1)(Draws(codes), None))
    axes.plot(hidden, near, "-", color=AGAINST, label="cosine_exponential, width 0.1")
    axes.set_xlabel("share of segments hidden", color=INK)
    axes.set_ylabel("weight", color=INK)
    figure.legend(frameon=False, fontsize=9, loc="outside upper center", ncols=4)
    spread.tick_params(colors="#8a8a8a", length=0)
    _plain(axes)
    return figure


def fit(cat: Cat) -> Figure:
    """What the surrogate says of each variant against what the model said."""
    explanation = cat.explained
    around, label = explanation.neighbourhood, explanation.labels[0]
    predicted = explanation.fit(label).predict(around.codes)
    health = explanation.health.labels[label]
    figure = Figure(figsize=(4.6, 4.1), layout="constrained")
    axes = figure.subplots()
    axes.axline((0, 0), slope=1, color="#b0b0b0", linewidth=1)
    axes.scatter(around.targets[1:, 0], predicted[1:], s=9, color=FOR, alpha=0.5, linewidths=0, label="a variant")
    axes.scatter(around.targets[:1, 0], predicted[:1], s=45, color=AGAINST, label="the photograph itself")
    axes.set_xlabel(f"the model: probability of {explanation.names[label]}", color=INK)
    axes.set_ylabel("the surrogate", color=INK)
    axes.set_title(f"R² {health.fidelity:.2f}, on samples left out {health.cross_fitted:.2f}", fontsize=10, color=INK)
    axes.legend(frameon=False, fontsize=9, loc="upper left")
    _plain(axes)
    return figure


def _strongest(cat: Cat, count: int = 8) -> list[int]:
    return [effect.segment for effect in cat.explained.top(count)]


def seeds(cat: Cat) -> Figure:
    """The same effects from other draws: few samples and many."""
    segments, label = _strongest(cat), cat.explained.labels[0]
    figure = Figure(figsize=(7.4, 3.4), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, samples in zip(panels, (100, cat.samples), strict=True):
        for seed in range(3):
            one = cat.explain(samples=samples, seed=seed, labels=[label])
            fitted = one.fit(label)
            spread = 1.96 * np.asarray(fitted.standard_errors)[segments]
            at = np.arange(len(segments)) + 0.2 * (seed - 1)
            axes.errorbar(
                at, fitted.effects[segments], spread, fmt="o", markersize=4, color=INK, ecolor="#9a9a9a", elinewidth=1
            )
        axes.axhline(0, color="#b0b0b0", linewidth=1)
        axes.set_title(f"{samples} samples", fontsize=10, color=INK)
        axes.set_xticks(range(len(segments)), [str(segment) for segment in segments])
        axes.set_xlabel("superpixel", color=INK)
        _plain(axes)
    panels[0].set_ylabel("effect, with 95 % interval", color=INK)
    return figure


def fillers(cat: Cat) -> Figure:
    """The same effects where hidden parts show something else."""
    segments, label = _strongest(cat), cat.explained.labels[0]
    choices = {
        "mean colour": "mean_color",
        "grey": {"use": "constant", "value": 0.5},
        "black": {"use": "constant", "value": 0.0},
    }
    figure = Figure(figsize=(7.4, 3.1), layout="constrained")
    axes = figure.subplots()
    for place, (name, filler) in enumerate(choices.items()):
        fitted = cat.explain(filler=filler, labels=[label]).fit(label)
        spread = 1.96 * np.asarray(fitted.standard_errors)[segments]
        at = np.arange(len(segments)) + 0.22 * (place - 1)
        axes.errorbar(at, fitted.effects[segments], spread, fmt="os^"[place], markersize=5, label=name, elinewidth=1)
    axes.axhline(0, color="#b0b0b0", linewidth=1)
    axes.set_xticks(range(len(segments)), [str(segment) for segment in segments])
    axes.set_xlabel("superpixel", color=INK)
    axes.set_ylabel("effect, with 95 % interval", color=INK)
    axes.legend(frameon=False, fontsize=9)
    _plain(axes)
    return figure
