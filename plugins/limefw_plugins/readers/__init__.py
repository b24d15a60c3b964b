"""Readers: from what a user has to an instance."""

from collections.abc import Iterator

from limefw.hookspecs import hookimpl
from limefw.stage import Plugin
from limefw_plugins.readers.image_array import image_array, is_array
from limefw_plugins.readers.image_file import image_file, is_file
from limefw_plugins.readers.image_npy import image_npy, is_npy
from limefw_plugins.readers.series_array import is_series, series_array
from limefw_plugins.readers.series_file import is_series_file, series_file
from limefw_plugins.readers.table_file import is_table_file, table_file
from limefw_plugins.readers.text import is_text, text
from limefw_plugins.readers.text_file import is_text_file, text_file


@hookimpl
def limefw_readers() -> Iterator[Plugin]:
    """Yield the readers."""
    yield Plugin("image_array", image_array, modality="image", accepts=is_array)
    yield Plugin("image_file", image_file, modality="image", accepts=is_file, fallback=True)
    yield Plugin("image_npy", image_npy, modality="image", accepts=is_npy)
    yield Plugin("series_array", series_array, modality="series", accepts=is_series)
    yield Plugin("series_file", series_file, modality="series", accepts=is_series_file)
    yield Plugin("table_file", table_file, modality="table", accepts=is_table_file, requires=("pandas",))
    yield Plugin("text", text, modality="text", accepts=is_text)
    yield Plugin("text_file", text_file, modality="text", accepts=is_text_file)
