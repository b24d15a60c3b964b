"""A surrogate that is a rule, in words."""

from collections.abc import Mapping
from typing import Any

from limefw.results.explanation import Explanation
from limefw_plugins.renderers._asked import listed
from limefw_plugins.renderers._words import MINUS, printable, wording_of


DECIDES = {"probability": 0.5, "log-odds": 0.0, "margin": 0.0}
"""Above this the model says a label, by what was explained."""


def rule_of(explanation: Explanation, label: int) -> str:
    """Return a label's rule as sentences; nothing where its surrogate is none."""
    rule = explanation.fit(label).detail
    if rule.get("form") != "rule":
        return ""
    says, when = _says(explanation, label, rule), _when(explanation, rule)
    tried = int(rule["tried"])
    held = f"all {tried:,}" if rule["precision"] == 1 else f"{_percent(rule['precision'])} of {tried:,}"
    sure = f"at least {_percent(rule['low'])} with {_percent(rule['confidence'])} confidence"
    where = " where it applies" if len(rule["columns"]) else ""
    text = f"Rule: {when}{says}, in {held} draws{where} ({sure})."
    if where:
        about = "rows" if explanation.instance.modality == "table" else "draws"
        text += f" It applies to {_percent(rule['coverage'])} of all {about}."
    if not rule["settled"]:
        text += f" None was sure to hold in {_percent(rule['threshold'])}: this is the best that was found."
    return text


def with_rule(explanation: Explanation, label: int, text: str) -> str:
    """Return a text with the rule of a label before it, where there is one."""
    return " ".join(filter(None, (rule_of(explanation, label), text)))


def _says(explanation: Explanation, label: int, rule: Mapping[str, Any]) -> str:
    words, name = wording_of(explanation), printable(explanation.names[label])
    above = explanation.prediction(label) > rule["least"]
    if DECIDES.get(words.noun) == rule["least"]:
        return f"the model {'says' if above else 'does not say'} {name}"
    side = "above" if above else "not above"
    least = f"{rule['least']:g}".replace("-", MINUS)
    return f"the {words.noun} for {name} is {side} {least}"


def _when(explanation: Explanation, rule: Mapping[str, Any]) -> str:
    """Return the condition, up to what follows from it."""
    modality, segments = explanation.instance.modality, explanation.segments.names
    names = [printable(segments[int(at)]) for at in rule["columns"]]
    hidden = "the other values are" if modality == "table" else "is hidden"
    if not names:
        return f"whatever {'the values are' if modality == 'table' else hidden}, "
    if modality == "table":
        return f"as long as {listed(names)}, whatever {hidden}, "
    shown = [f'"{name}"' for name in names] if modality == "text" else names
    verb = ("is there" if len(names) == 1 else "are there") if modality == "text" else (
        "shows" if len(names) == 1 else "show"
    )  # fmt: skip
    return f"as long as {listed(shown)} {verb}, whatever else {hidden}, "


def _percent(share: float) -> str:
    """Return a share in per cent; what is not all is not said to be 100."""
    text = f"{share:.1%}" if share < 0.999 or share == 1 else f"{share:.3%}"
    return text.replace(".0%", "%")
