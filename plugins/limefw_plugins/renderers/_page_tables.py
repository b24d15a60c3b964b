"""What the page says of the model's answers, and of how the explanation was made."""

import json
from collections.abc import Mapping
from typing import Any

from limefw.results.explanation import Explanation
from limefw_plugins.renderers._trust import whole_of
from limefw_plugins.renderers._words import printable, wording_of


def answers(explanation: Explanation) -> list[dict[str, Any]]:
    """Return the model's strongest answers, with a bar where they are probabilities."""
    words, strongest = wording_of(explanation), dict(list(explanation.outlook.items())[:5])
    texts = words.values(list(strongest.values()))
    return [
        {
            "name": printable(name),
            "value": text,
            "width": round(100 * min(1.0, max(0.0, words.answered(value))), 2) if words.said == "probability" else None,
        }
        for (name, value), text in zip(strongest.items(), texts, strict=True)
    ]


def making(explanation: Explanation) -> dict[str, Any]:
    """Return how the explanation was made, as tables of text."""
    provenance = explanation.provenance
    recipe = [(name, _text(value)) for name, value in provenance.get("recipe", {}).items()]
    model = provenance.get("model", {})
    return {
        "recipe": recipe,
        "seconds": [(_spaced(name), f"{float(value):.3f}") for name, value in provenance.get("seconds", {}).items()],
        "rows": [(name, f"{int(value or 0):,}") for name, value in provenance.get("rows", {}).items()],
        "versions": [(name, str(value)) for name, value in provenance.get("versions", {}).items()],
        "hashes": [
            (whole_of(explanation), str(provenance.get("input", {}).get("sha256", ""))),
            ("model", str(model.get("fingerprint") or "not known")),
        ],
        "notes": [printable(str(note)) for note in model.get("notes", ())],
        "created": str(provenance.get("created", "")),
    }


def _text(value: Any) -> str:
    """Return a setting as a recipe file would have it."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{name} = {json.dumps(item, default=str)}" for name, item in value.items() if name != "use")
        return f"{value.get('use', '')} ({inside})" if inside else str(value.get("use", ""))
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    return str(value)


def _spaced(name: str) -> str:
    return name.replace("_", " ")
