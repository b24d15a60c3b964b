"""From the columns of lime's tables to names, values and pages."""

from collections.abc import Mapping, Sequence
from typing import Any

from limefw.compat.lime import explanation
from limefw.compat.lime._page import table_html
from limefw.compat.lime._table_data import is_sparse


class TableDomainMapper(explanation.DomainMapper):
    """From features' numbers to names and values.

    Args:
        feature_names: of all columns.
        feature_values: texts.
        scaled_row: the row as the surrogate sees it.
        categorical_features: columns.
        discretized_feature_names: such as "2.00 < age <= 3.00", or None.
        feature_indexes: columns that the values are of, where a row is sparse.
    """

    def __init__(
        self,
        feature_names: Sequence[str],
        feature_values: Sequence[str],
        scaled_row: Any,
        categorical_features: Sequence[int],
        discretized_feature_names: Sequence[str] | None = None,
        feature_indexes: Any = None,
    ) -> None:
        self.exp_feature_names = feature_names
        self.discretized_feature_names = discretized_feature_names
        self.feature_names = feature_names
        self.feature_values = feature_values
        self.feature_indexes = feature_indexes
        self.scaled_row = scaled_row
        self.all_categorical = not is_sparse(scaled_row) and len(categorical_features) == len(scaled_row)
        self.categorical_features = categorical_features

    def map_exp_ids(self, exp: explanation.Pairs) -> explanation.Pairs:  # type: ignore[override]
        """Return names in the place of numbers."""
        names = self.discretized_feature_names
        names = self.exp_feature_names if names is None else names
        return [(names[feature], weight) for feature, weight in exp]

    def visualize_instance_html(  # type: ignore[override]
        self,
        exp: explanation.Pairs,
        label: int,
        div_name: str,
        exp_object_name: str,
        show_table: bool = True,
        show_all: bool = False,
    ) -> Any:
        """Return a table of features, values and weights.

        Args:
            exp: (feature, weight) pairs.
            label: not used.
            div_name: not used.
            exp_object_name: not used.
            show_table: False shows nothing.
            show_all: also features without a weight.
        """
        if not show_table:
            return ""
        columns = range(len(self.feature_names)) if self.feature_indexes is None else self.feature_indexes
        values = {int(column): str(value) for column, value in zip(columns, self.feature_values, strict=False)}
        weights = {int(feature): weight for feature, weight in exp}
        shown = values if show_all else weights
        return table_html(
            [(str(self.exp_feature_names[at]), values.get(at, "0"), weights.get(at, 0.0)) for at in shown]
        )


def called(names: Any, code: int) -> str:
    """Return what a category is called, or its number where it has no name."""
    if isinstance(names, Mapping):
        return str(names.get(code, code))
    return str(names[code]) if names is not None and 0 <= code < len(names) else str(code)
