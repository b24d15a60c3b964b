"""How far to trust an explanation, in sentences: the same in a terminal and on a page."""

import re
from dataclasses import dataclass

import numpy as np

from limefw.results.explanation import Explanation
from limefw.results.health import POOR_FIDELITY, Caution
from limefw.statistics import rounding
from limefw_plugins.renderers._asked import asked_of, listed
from limefw_plugins.renderers._words import closeness, decimals_for, fidelity, method_of, number, printable, wording_of


BEYOND = "how the instance was cut, what hidden parts are filled with, or how far the simple stand-in misses the model."


POOR, GOOD = 0.5, 0.7
"""R2 on samples left out, below which the effects are doubtful, and from which they may be believed."""

NAMED = 4
"""Labels that one reason for doubt names at the most."""


@dataclass(frozen=True, slots=True)
class Account:
    """How well the surrogate of one label follows the model, as text.

    Args:
        name: of the label.
        closeness: in words.
        sentence: the same, with its R².
        in_sample: weighted R2 on its own samples.
        cross_fitted: weighted R2 on samples left out, or "too few", or "not tested".
        model: what the model says of the instance.
        local: what the surrogate says of it.
        intercept: what the surrogate says with every segment hidden.
        effects: the sum of its effects, or empty where the surrogate is not a sum.
        resolved: how many effects stand out from the noise, or "not known".
    """

    name: str
    closeness: str
    sentence: str
    in_sample: str
    cross_fitted: str
    model: str
    local: str
    intercept: str
    effects: str
    resolved: str


def intervals(explanation: Explanation) -> str:
    """Say what the intervals cover, and what they do not."""
    fits = list(explanation.fits.values())
    if all(fit.covariance is None for fit in fits):
        return f"No intervals are known: not how much another draw would change an effect, nor the part of {BEYOND}"
    if all(fit.is_posterior for fit in fits if fit.covariance is not None):
        what = (
            "what is not known of an effect if the stand-in is right (95% of its posterior), not what another draw does"
        )
    else:
        what = "how much another draw of as many samples would change an effect (95%)"
    return f"The intervals say {what}. They do not cover {BEYOND}"


def accounts(explanation: Explanation) -> list[Account]:
    """Return the account of every label."""
    return [_account(explanation, label) for label in explanation.labels]


def _account(explanation: Explanation, label: int) -> Account:
    fit, health = explanation.fit(label), explanation.health.labels[label]
    places = max(3, decimals_for([health.model_prediction, health.local_prediction]))
    total = float(fit.effects.sum())
    scale = max(1e-12, abs(fit.intercept), abs(fit.local_prediction))
    is_sum = abs(fit.intercept + total - fit.local_prediction) <= 1e-6 * scale
    return Account(
        printable(explanation.names[label]),
        closeness(explanation, label),
        fidelity(explanation, label),
        number(health.fidelity, 2),
        _none(explanation) if health.cross_fitted is None else number(health.cross_fitted, 2),
        number(health.model_prediction, places),
        number(health.local_prediction, places),
        number(fit.intercept, places),
        number(total, places) if is_sum else "",
        "not known" if health.resolved is None else str(health.resolved),
    )


def _none(explanation: Explanation) -> str:
    return "too few" if method_of(explanation) is None else "not tested"


def sampling(explanation: Explanation) -> str:
    """Return one sentence on samples and why there were no more."""
    health, part = explanation.health, wording_of(explanation).part
    drawn = f"{health.samples:,} samples ({health.distinct:,} different) of {health.segments} {part}s"
    if explanation.neighbourhood.exhaustive:
        return f"{drawn}: all combinations that there are, so that another draw would change no effect."
    return (
        f"{drawn}. "
        f"Weighted by how near they are to the whole {whole_of(explanation)}, they tell as much as "
        f"{health.effective_samples:,.0f} samples of equal weight: {number(health.samples_per_segment, 1)} for each "
        f"{part}, where 10 or more are advisable. "
        f"Drawing ended: {health.stopped}."
    )


def whole_of(explanation: Explanation) -> str:
    """Return what the instance is called in sentences."""
    modality = explanation.instance.modality
    return {"image": "photograph", "table": "row"}.get(modality, modality)


def _noun(explanation: Explanation) -> str:
    modality = explanation.instance.modality
    return "row" if modality == "table" else modality


@dataclass(frozen=True, slots=True)
class Instance:
    """What the surrogate of one label says of the instance itself, and whether it misses the model there."""

    sentence: str
    missed: bool


MISS = 0.1
"""Of the range of the model's answers: a surrogate that is farther off on the instance itself misses it."""


def on_instance(explanation: Explanation, label: int) -> Instance:
    """Compare both answers for the whole instance."""
    health = explanation.health.labels[label]
    said, answered = health.local_prediction, health.model_prediction
    places = max(3, decimals_for([said, answered]))
    targets = explanation.neighbourhood.targets[:, explanation.labels.index(label)]
    words = wording_of(explanation)
    scale = "" if words.said == words.noun else f", in {words.noun},"
    return Instance(
        f"Of the whole {_noun(explanation)} the stand-in says{scale} {number(said, places)}, "
        f"and the model {number(answered, places)}.",
        abs(said - answered) > MISS * float(np.ptp(targets)) + rounding(targets),
    )


def doubts(explanation: Explanation) -> list[str]:
    """Return every reason for doubt as a sentence: the cautions, and where a surrogate failed when it was tested."""
    unforeseen, missed, loose = [], [], []
    for label in explanation.labels:
        name, asked = printable(explanation.names[label]), asked_of(explanation, label)
        score = explanation.health.labels[label].cross_fitted
        if asked is not None and not asked.foreseen:
            unforeseen.append(name)
        if on_instance(explanation, label).missed:
            missed.append(name)
        if score is not None and POOR_FIDELITY <= score < POOR:
            loose.append(name)
    reasons = (
        (loose, "the stand-in explains less than half of how the model's answers vary, on samples left out"),
        (missed, f"the stand-in misses the model's answer for the whole {_noun(explanation)} itself"),
        (unforeseen, ("what the model did when it was asked without the strongest was not foreseen: "
                     "do not add effects up")),
    )  # fmt: skip
    return _cautions(explanation) + [f"{_some(names)}: {reason}." for names, reason in reasons if names]


def _cautions(explanation: Explanation) -> list[str]:
    """Return each caution as a sentence; one that holds for several labels is said once, with their names."""
    labels = dict[str, list[int]]()
    for caution in explanation.health.cautions:
        label = label_of(caution)
        labels.setdefault(_sentence(explanation, caution.message), []).extend([] if label is None else [label])
    return [_labelled(explanation, sentence, about) for sentence, about in labels.items()]


def _some(names: list[str]) -> str:
    """Return a few names, and how many more there are."""
    return listed(names if len(names) <= NAMED else [*names[: NAMED - 1], f"{len(names) - NAMED + 1} more"])


def beyond(explanation: Explanation) -> str:
    """Return a sentence where a surrogate says a probability that there is none, else nothing."""
    said = [explanation.fit(label).local_prediction for label in explanation.labels]
    if wording_of(explanation).noun != "probability" or all(0.0 <= value <= 1.0 for value in said):
        return ""
    return "A sum of effects knows no limits: that is why the stand-in can say less than 0 or more than 1."


_LABEL = re.compile(r"label (\d+): ")


def caution_sentence(explanation: Explanation, caution: Caution) -> str:
    """Return a caution as a sentence that calls labels by their names."""
    label = label_of(caution)
    return _labelled(explanation, _sentence(explanation, caution.message), [] if label is None else [label])


def label_of(caution: Caution) -> int | None:
    """Return the label that a caution is about, where it is about one."""
    found = _LABEL.match(caution.message)
    return int(found[1]) if found else None


def _sentence(explanation: Explanation, message: str) -> str:
    """Return a caution's message as a sentence, without the label that it is about."""
    # one word for one thing: the core speaks of segments, a picture of superpixels
    text = re.sub(r"\bsegment(s?)\b", rf"{wording_of(explanation).part}\1", _LABEL.sub("", printable(message), count=1))
    return text + ("" if text.endswith((".", "!", "?")) else ".")


def _labelled(explanation: Explanation, sentence: str, labels: list[int]) -> str:
    # a class's own name keeps its spelling
    names = [printable(explanation.names.get(label, f"label {label}")) for label in labels]
    return f"{_some(names)}: {sentence}" if names else f"{sentence[:1].upper()}{sentence[1:]}"
