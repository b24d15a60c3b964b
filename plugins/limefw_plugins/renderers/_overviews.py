"""What pictures and texts of many explanations say alike."""

import numpy as np

from limefw.errors import InputError
from limefw.studies.overview import Overview
from limefw_plugins.renderers._words import number, printable


def overview_of(given: Overview, what: str) -> Overview:
    """Return an overview.

    Raises:
        InputError: where it is something else.
    """
    if not isinstance(given, Overview):
        raise InputError(f"renderer {what!r} draws what limefw.overview(explanations) makes, not one explanation")
    return given


def headline(given: Overview) -> str:
    """Say what is summed up."""
    whose = f"for {printable(given.label)}" if given.label and given.label != "value" else ""
    whose = whose or ("" if given.noun == "predicted value" else "for the first label of each")
    one = {"table": "row"}.get(given.modality, given.modality)
    what = one if given.count == 1 or one == "series" else f"{one}s"
    return " ".join(filter(None, [f"What the model goes by in {given.count} {what}", whose]))


def sides(given: Overview) -> tuple[str, str]:
    """Say what effects above and below 0 do."""
    return ("raises", "lowers") if given.noun == "predicted value" else ("speaks for", "speaks against")


def trust(given: Overview) -> str:
    """Say how well the explanations follow the model, and what an overview cannot tell."""
    known = given.fidelity[~np.isnan(given.fidelity)]
    told = "It tells of the instances explained, not of others"
    if not len(known):
        return f"{told}; how well their simple stand-ins follow the model is not known."
    low, middle = np.quantile(known, [0.1, 0.5])
    return (
        f"{told}; half of their simple stand-ins follow the model with an R² of at least {number(float(middle), 2)} on "
        f"samples left out, nine in ten with at least {number(float(low), 2)}."
    )
