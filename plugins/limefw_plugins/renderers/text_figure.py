"""What each word of a text does, as bars."""

from typing import Annotated

from annotated_types import Ge, Le

from limefw.results.explanation import Explanation
from limefw.types import Rendering
from limefw_plugins.renderers._letters import readable
from limefw_plugins.renderers._marked import becomes, text_of
from limefw_plugins.renderers._paint import PaletteName
from limefw_plugins.renderers.table_figure import bars_figure


def text_figure(
    explanation: Explanation,
    /,
    *,
    label: int | str | None = None,
    top: Annotated[int, Ge(1), Le(100)] = 10,
    palette: PaletteName = "green-red",
) -> Rendering:
    """The effects of a text's words as bars with 95% intervals, and what the model says without the strongest.

    Args:
        label: a number or name; none: the first explained.
        top: how many at the most.
        palette: "blue-orange" is safe for the colour-blind; blue speaks for the label.
    """
    text, number = text_of(explanation, "text_figure"), explanation.label(label)
    said = becomes(explanation, number, shown=readable)
    return bars_figure(explanation, text.name if text.name != "text" else "", number, top, palette, said)
