"""What the page's script reads: names, places and, by label, every effect with its interval."""

import json
from typing import Any

import numpy as np

from limefw.results.explanation import Explanation
from limefw_plugins.renderers._drawing import Drawing
from limefw_plugins.renderers._findings import findings, places_of
from limefw_plugins.renderers._rule import rule_of
from limefw_plugins.renderers._words import MOST_DECIMALS, kept_whole, printable, wording_of


def page_data(explanation: Explanation, drawing: Drawing, top: int) -> str:
    """Return strict JSON that no HTML parser can leave: it has no "<", ">" or "&"."""
    words, count = wording_of(explanation), explanation.segments.count
    shares = explanation.segments.sizes() / max(1, explanation.segments.labels.size)
    points = [None if np.isnan(x) else [round(x, 1), round(y, 1)] for x, y in drawing.points.tolist()]
    found: dict[str, Any] = {
        "drawing": drawing.name,
        "top": top,
        "part": words.part,
        "plus": words.plus,
        "minus": words.minus,
        "mostDecimals": MOST_DECIMALS,
        "names": [printable(name) for name in explanation.segments.names],
        "places": places_of(explanation),
        "shares": ["< 0.1%" if share < 0.001 else f"{share:.1%}" for share in shares],
        "points": points,
        "anchors": None if drawing.anchors is None else np.nan_to_num(drawing.anchors).round(1).tolist(),
        "paths": [bool(path) for path in drawing.outlines],
        "cells": drawing.members,
        "labels": {str(label): _label(explanation, label) for label in explanation.labels},
    }
    assert len(points) == count
    text = json.dumps(found, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _label(explanation: Explanation, label: int) -> dict[str, Any]:
    """Return the segments with an effect, the strongest first; seven digits, so that they round as elsewhere."""
    words, every = wording_of(explanation), explanation.top(None, label)
    margins = [effect.margin for effect in every]
    found = findings(explanation, label, explanation.segments.count)
    return {
        "title": words.question(kept_whole(printable(explanation.names[label]))),
        "answer": words.answer(explanation.prediction(label)),
        "rule": rule_of(explanation, label),
        "decimals": found[0].decimals if found else 3,
        "segments": [effect.segment for effect in every],
        "effects": [_short(effect.effect) for effect in every],
        "faint": [item.segment for item in found if item.faint],
        "tied": [item.segment for item in found if item.tied],
        "margins": None
        if margins.count(None) == len(margins)
        else [None if one is None else _short(one) for one in margins],
    }


def _short(value: float) -> float:
    return float(f"{value:.7g}")
