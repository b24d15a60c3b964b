"""A rendering is written under a name that says what it is."""

import pytest

from limefw.errors import InputError
from limefw.types import Rendering


PICTURE = Rendering(b"\x89PNG", "image/png", ".png")
PAGE = Rendering("<p>", "text/html", ".html")


@pytest.mark.parametrize(("made", "name"), [(PICTURE, "a.png"), (PICTURE, "a.PNG"), (PICTURE, "a"), (PAGE, "b.htm")])
def test_names_that_promise_nothing_else_are_fine(made, name, tmp_path):
    data = made.data.encode() if isinstance(made.data, str) else made.data
    assert made.save(tmp_path / name).read_bytes() == data


@pytest.mark.parametrize(("made", "name", "right"), [(PICTURE, "x.jpg", "x.png"), (PAGE, "x.htmx", "x.html")])
def test_a_wrong_suffix_is_an_error_that_names_the_right_one(made, name, right, tmp_path):
    with pytest.raises(InputError, match=f"name the file {right}"):
        made.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []
