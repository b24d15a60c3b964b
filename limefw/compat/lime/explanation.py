"""What was found for a text or a table row, and how it is shown."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from limefw.compat.lime._page import Bars, bars, page
from limefw.compat.lime._support import random_state_of
from limefw.compat.lime.exceptions import LimeError


Pairs = list[tuple[Any, float]]
"""Features, by number or by name, and their weights."""


def id_generator(size: int = 15, random_state: Any = None) -> str:
    """Return random capitals and digits, as lime names its divisions; limefw's own pages need no names."""
    letters = list("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    return "".join(random_state_of(random_state).choice(letters, size, replace=True))


class DomainMapper:
    """From features' numbers to what people read; texts and tables have their own."""

    def __init__(self) -> None:
        pass

    def map_exp_ids(self, exp: Pairs, **kwargs: Any) -> Pairs:
        """Return names in the place of numbers; here, the numbers."""
        return exp

    def visualize_instance_html(
        self,
        exp: Pairs,
        label: int,
        div_name: str,
        exp_object_name: str,
        **kwargs: Any,
    ) -> str:
        """Return HTML that shows the instance, as something with ``__html__``; here, nothing.

        Of plain text nothing is shown: it would be lime's JavaScript, and pages of limefw run none.
        """
        return ""


class Explanation:
    """What was found.

    Args:
        domain_mapper: from features' numbers to what people read.
        mode: "classification" or "regression".
        class_names: of the outputs.
        random_state: kept for lime's users; nothing here draws from it.
    """

    def __init__(
        self, domain_mapper: Any, mode: str = "classification", class_names: Any = None, random_state: Any = None
    ) -> None:
        self.random_state = random_state
        self.mode = mode
        self.domain_mapper = domain_mapper
        self.local_exp: dict[int, list[tuple[int, float]]] = {}
        self.intercept: dict[int, float] = {}
        self.score: Any = None
        self.local_pred: Any = None
        if mode == "classification":
            self.class_names = class_names
            self.top_labels: list[int] | None = None
            self.predict_proba: Any = None
        elif mode == "regression":
            self.class_names = ["negative", "positive"]
            self.predicted_value: Any = None
            self.min_value = 0.0
            self.max_value = 1.0
            self.dummy_label = 1
        else:
            raise LimeError(f'Invalid explanation mode "{mode}". Should be either "classification" or "regression".')

    def available_labels(self) -> list[int]:
        """Return the labels that were explained.

        Raises:
            NotImplementedError: of a regression, which has none.
        """
        if self.mode != "classification":
            raise NotImplementedError("Not supported for regression explanations.")
        return list(self.top_labels or self.local_exp)

    def _of(self, label: int) -> list[tuple[int, float]]:
        """Return the weights of a label, which a regression does not look at."""
        label = label if self.mode == "classification" else self.dummy_label
        if label not in self.local_exp:
            raise KeyError(
                f"label {label} was not explained: there are {list(self.local_exp)}. explain_instance(..., "
                f"labels=({label},)) explains it, top_labels=1 what the model predicts"
            )
        return self.local_exp[label]

    def as_list(self, label: int = 1, **kwargs: Any) -> list[tuple[Any, float]]:
        """Return (feature, weight) pairs, the largest weight first.

        Args:
            label: of a classification.
            kwargs: for the domain mapper.

        Raises:
            KeyError: the label was not explained.
        """
        return [(pair[0], float(pair[1])) for pair in self.domain_mapper.map_exp_ids(self._of(label), **kwargs)]

    def as_map(self) -> dict[int, list[tuple[int, float]]]:
        """Return label -> (feature's number, weight) pairs."""
        return self.local_exp

    def as_pyplot_figure(self, label: int = 1, figsize: tuple[float, float] = (4, 4), **kwargs: Any) -> Any:
        """Return a matplotlib figure with a bar for each feature.

        Args:
            label: of a classification.
            figsize: width and height in inches.
            kwargs: for the domain mapper.
        """
        import matplotlib.pyplot as plt

        pairs = self.as_list(label=label, **kwargs)[::-1]
        weights = [weight for _, weight in pairs]
        figure = plt.figure(figsize=figsize, layout="constrained")
        places = np.arange(len(pairs)) + 0.5
        axes = figure.gca()
        axes.barh(places, weights, align="center", color=["green" if weight > 0 else "red" for weight in weights])
        # a dollar sign would begin a formula
        axes.set_yticks(places, [str(name).replace("$", r"\$") for name, _ in pairs])
        named = f" for class {_name(self.class_names, label)}" if self.mode == "classification" else ""
        axes.set_title(f"Local explanation{named}")
        return figure

    def show_in_notebook(
        self,
        labels: Sequence[int] | None = None,
        predict_proba: bool = True,
        show_predicted_value: bool = True,
        **kwargs: Any,
    ) -> None:
        """Show the page of `as_html` in a notebook."""
        from IPython.display import HTML, display

        html = self.as_html(
            labels=labels, predict_proba=predict_proba, show_predicted_value=show_predicted_value, **kwargs
        )
        display(HTML(html))

    def save_to_file(
        self,
        file_path: Any,
        labels: Sequence[int] | None = None,
        predict_proba: bool = True,
        show_predicted_value: bool = True,
        **kwargs: Any,
    ) -> None:
        """Write the page of `as_html` to a file."""
        html = self.as_html(
            labels=labels, predict_proba=predict_proba, show_predicted_value=show_predicted_value, **kwargs
        )
        with open(file_path, "w", encoding="utf8") as file:  # noqa: PTH123 - whatever open takes
            file.write(html)

    def as_html(
        self,
        labels: Sequence[int] | None = None,
        predict_proba: bool = True,
        show_predicted_value: bool = True,
        **kwargs: Any,
    ) -> str:
        """Return a page: a few kilobytes without any script; all text in it is shown as text.

        Args:
            labels: to show; None: all that were explained.
            predict_proba: show the strongest outputs.
            show_predicted_value: show the predicted value of a regression.
            kwargs: for the domain mapper: ``text``, ``opacity`` of a text; ``show_table``, ``show_all`` of a table.
        """
        shown = [self.dummy_label] if self.mode != "classification" else labels
        shown = self.available_labels() if shown is None else list(shown)
        blocks: list[Bars] = []
        if self.mode == "classification" and predict_proba and self.predict_proba is not None:
            blocks.append(_outputs(self.class_names, self.predict_proba))
        if self.mode == "regression" and show_predicted_value and self.predicted_value is not None:
            blocks.append(self._predicted())
        for label in shown:
            title = f"For and against {_name(self.class_names, label)}" if self.mode == "classification" else "Effects"
            blocks.append(bars(title, self.as_list(label)))
        instance = ""
        if shown:
            instance = self.domain_mapper.visualize_instance_html(
                self._of(shown[0]), shown[0], "raw_div", "exp", **kwargs
            )
        return page(blocks, instance)

    def _predicted(self) -> Bars:
        low, high, value = float(self.min_value), float(self.max_value), float(self.predicted_value)
        share = (value - low) / (high - low) if high > low else 1.0
        return Bars("Predicted value", ((f"between {low:.4g} and {high:.4g}", f"{value:.4g}", share, ""),))


MOST_OUTPUTS = 5
"""As lime has it: of more the four strongest, and the others together."""


def _outputs(names: Any, outputs: Any) -> Bars:
    values = np.asarray(outputs, dtype=np.float64)
    order = np.argsort(-values, kind="stable").tolist()
    kept = order if len(order) <= MOST_OUTPUTS else order[: MOST_OUTPUTS - 1]
    rows = [(_name(names, at), float(values[at])) for at in kept]
    if len(kept) < len(order):
        rows.append(("Other", float(values.sum() - values[kept].sum())))
    scale = max(1.0, float(np.abs(values).max()))
    return Bars("Prediction", tuple((name, f"{value:.2f}", abs(value) / scale, "") for name, value in rows))


def _name(names: Any, label: int) -> str:
    """Return a class's name, or its number where there are too few names."""
    return str(names[label]) if names is not None and label < len(names) else str(label)
