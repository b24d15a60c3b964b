"""Renderers: from an explanation to something that a person or a program can read."""

from collections.abc import Iterator

from limefw.hookspecs import hookimpl
from limefw.stage import Plugin
from limefw_plugins.renderers.bars import bars
from limefw_plugins.renderers.comparison_figure import comparison_figure
from limefw_plugins.renderers.comparison_html import comparison_html
from limefw_plugins.renderers.comparison_text import comparison_text
from limefw_plugins.renderers.figure import figure
from limefw_plugins.renderers.figures_json import figures_json
from limefw_plugins.renderers.heatmap import heatmap
from limefw_plugins.renderers.overlay import overlay
from limefw_plugins.renderers.overview_figure import overview_figure
from limefw_plugins.renderers.overview_text import overview_text
from limefw_plugins.renderers.page import page
from limefw_plugins.renderers.plain_text import plain_text
from limefw_plugins.renderers.sentences import sentences
from limefw_plugins.renderers.series_figure import series_figure
from limefw_plugins.renderers.series_html import series_html
from limefw_plugins.renderers.series_text import series_text
from limefw_plugins.renderers.table_figure import table_figure
from limefw_plugins.renderers.table_html import table_html
from limefw_plugins.renderers.table_text import table_text
from limefw_plugins.renderers.text_figure import text_figure
from limefw_plugins.renderers.text_html import text_html
from limefw_plugins.renderers.text_text import text_text
from limefw_plugins.renderers.top_only import top_only
from limefw_plugins.renderers.tree import tree
from limefw_plugins.renderers.vector import vector
from limefw_plugins.renderers.what_if import what_if


@hookimpl
def limefw_renderers() -> Iterator[Plugin]:
    """Yield the renderers."""
    yield Plugin("bars", bars, modality="image", requires=("matplotlib",), suffix=".png")
    yield Plugin("comparison_figure", comparison_figure, modality="comparison", requires=("matplotlib",), suffix=".png")
    yield Plugin(
        "comparison_html", comparison_html, modality="comparison", requires=("jinja2", "PIL", "scipy"), suffix=".html"
    )
    yield Plugin("comparison_text", comparison_text, modality="comparison", suffix=".txt")
    yield Plugin("figure", figure, modality="image", requires=("matplotlib",), suffix=".png")
    yield Plugin("heatmap", heatmap, modality="image", requires=("matplotlib",), suffix=".png")
    yield Plugin("html", page, modality="image", requires=("jinja2", "PIL", "scipy"), suffix=".html")
    yield Plugin("json", figures_json, suffix=".json")
    yield Plugin("overlay", overlay, modality="image", requires=("matplotlib",), suffix=".png")
    yield Plugin("overview_figure", overview_figure, modality="overview", requires=("matplotlib",), suffix=".png")
    yield Plugin("overview_text", overview_text, modality="overview", suffix=".txt")
    yield Plugin("sentences", sentences, suffix=".txt")
    yield Plugin("series_figure", series_figure, modality="series", requires=("matplotlib",), suffix=".png")
    yield Plugin("series_html", series_html, modality="series", requires=("jinja2",), suffix=".html")
    yield Plugin("series_text", series_text, modality="series", suffix=".txt")
    yield Plugin("svg", vector, modality="image", requires=("jinja2", "PIL", "scipy"), suffix=".svg")
    yield Plugin("table_figure", table_figure, modality="table", requires=("matplotlib",), suffix=".png")
    yield Plugin("table_html", table_html, modality="table", requires=("jinja2",), suffix=".html")
    yield Plugin("table_text", table_text, modality="table", suffix=".txt")
    yield Plugin("text", plain_text, suffix=".txt")
    yield Plugin("text_figure", text_figure, modality="text", requires=("matplotlib",), suffix=".png")
    yield Plugin("text_html", text_html, modality="text", requires=("jinja2",), suffix=".html")
    yield Plugin("text_text", text_text, modality="text", suffix=".txt")
    yield Plugin("top", top_only, modality="image", requires=("matplotlib",), suffix=".png")
    yield Plugin("tree", tree, modality="image", requires=("matplotlib", "PIL"), suffix=".png")
    yield Plugin("what_if", what_if, modality="image", requires=("matplotlib",), suffix=".png")
