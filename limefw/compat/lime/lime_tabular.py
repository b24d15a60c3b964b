"""Explanations of table rows, and of sequences as rows."""

# as names of this module too, as lime has them
from limefw.compat.lime import explanation, lime_base  # noqa: F401
from limefw.compat.lime._table_explainer import LimeTabularExplainer
from limefw.compat.lime._table_mapper import TableDomainMapper
from limefw.compat.lime._table_recurrent import RecurrentTabularExplainer
from limefw.compat.lime.discretize import (  # noqa: F401
    BaseDiscretizer,
    DecileDiscretizer,
    EntropyDiscretizer,
    QuartileDiscretizer,
    StatsDiscretizer,
)


__all__ = ["LimeTabularExplainer", "RecurrentTabularExplainer", "TableDomainMapper"]
