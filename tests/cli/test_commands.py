import json

import numpy as np
import pytest
from PIL import Image

import limefw
from limefw.discovery import Provider
from limefw.stage import Plugin


def test_segments_draws_a_picture_without_asking_the_model(run, photo, mine, tmp_path):
    """`limefw segments` counts the superpixels and draws them; the model (which fails) is never called."""
    (tmp_path / "mine.py").write_text("def never(batch):\n    raise AssertionError\n")
    code, out, _ = run("segments", photo, "-m", "mine:never", "-s", "segmenter=grid")
    assert code == 0
    assert "49 segments at 48 x 40 pixels" in out
    with Image.open(tmp_path / "limefw-out" / "photo-segments.png") as picture:
        assert picture.width >= 480


def test_segments_warns_as_explain_would(run, photo, mine):
    """Of a number that is not what was wished for, and of one that explain would warn of."""
    wish = ("-s", "segmenter=slic", "-s")
    code, out, _ = run("segments", photo, "-m", "mine:right", *wish, "segmenter.target_segments=9000")
    assert code == 0
    assert "! 9000 segments were wished for, and " in out
    assert "each is hardly seen by the model; 250 or fewer" in out
    _, out, _ = run("segments", photo, "-m", "mine:right", "-s", "segmenter=grid")
    assert "!" not in out


def test_segments_heeds_the_recipes_adapter(run, photo, mine):
    """A model by an adapter of its own is loaded as `explain` would."""
    code, _, err = run("segments", photo, "-m", "mine:right", "-s", "model.use=callable", "-s", "model.head=nothing")
    assert code == 2
    assert "head" in err


def test_a_large_photograph_is_drawn_reduced(run, mine, tmp_path):
    """At most 2000 pixels a side; the segments are the photograph's own."""
    path = tmp_path / "large.png"
    Image.new("L", (3000, 1200), 90).save(path)
    code, out, _ = run("segments", path, "-m", "mine:right", "-s", "segmenter=grid", "-o", "x.png")
    assert code == 0
    assert "at 3000 x 1200 pixels" in out
    with Image.open(tmp_path / "x.png") as picture:
        assert picture.size == (2000, 800)


RING = np.pad(np.full((3, 3), 1), 1)
RING[2, 2] = 1
RING[0, 0] = -1
"""A ring (0) round a square (1), and a corner in no segment."""


def ring(_image, _rng, /):
    """A segment whose centroid lies outside of it."""
    return limefw.Segments.from_labels(RING, keep=-1)


def test_a_segments_number_stands_on_a_pixel_of_it(run, mine, monkeypatch, tmp_path):
    """One for each segment, also for one whose centroid is another's; what is in no segment has none."""
    known = limefw.registry()
    monkeypatch.setitem(known._found["segmenters"], "ring", [])
    known.add("segmenters", Plugin("ring", ring))
    Image.new("RGB", RING.shape).save(tmp_path / "black.png")
    code, _, err = run("segments", "black.png", "-m", "mine:right", "-s", "segmenter=ring", "-o", "x.png")
    assert code == 0, err
    with Image.open(tmp_path / "x.png") as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (1000, 1000, 3)
    # white is of the numbers alone: the picture is black and the boundaries are yellow
    places = np.argwhere((pixels > 200).all(axis=2)) // 200
    marked = {tuple(place) for place in places.tolist()}
    assert sorted(RING[place] for place in marked) == [0, 1]
    assert (2, 2) in marked


def boundaries(path, axis):
    """Return the lines (axis 0) or columns (axis 1) that boundaries take up most of, each run of them as its middle."""
    with Image.open(path) as picture:
        pixels = np.asarray(picture).astype(int)
    yellow = (pixels[..., 0] > 200) & (pixels[..., 2] < 50)
    found = np.flatnonzero(yellow.mean(axis=1 - axis) > 0.5)
    runs = np.split(found, np.flatnonzero(np.diff(found) > 3) + 1)
    return pixels.shape[:2], [float(run.mean()) for run in runs if len(run)]


@pytest.mark.parametrize(
    ("resize", "expected"),
    [
        # the model sees 300 of 4500 columns, from 2100 on: in the picture 133 of 2000, from 933 on
        ("crop", [933.3, *(933.3 + 133.3 * part / 3 for part in (1, 2)), 1066.7]),
        ("pad", [2000 * part / 3 for part in (1, 2)]),
        ("stretch", [2000 * part / 3 for part in (1, 2)]),
    ],
)
def test_a_reduced_photograph_keeps_its_place_in_the_frame(run, mine, monkeypatch, tmp_path, resize, expected):
    """Boundaries lie on the same parts of the photograph whether it is drawn reduced or not."""

    def framed(source, /):
        return limefw.Model(source, contract=limefw.Contract(size=(90, 90), resize=resize, head="values"))

    known = limefw.registry()
    monkeypatch.setitem(known._found["models"], "framed", [])
    known.add("models", Plugin("framed", framed))
    Image.new("RGB", (4500, 300)).save(tmp_path / "wide.png")
    grid = ("-s", "segmenter.use=grid", "-s", "segmenter.rows=1", "-s", "segmenter.columns=3")
    code, _, err = run("segments", "wide.png", "-m", "mine:right", "-s", "model.use=framed", *grid, "-o", "x.png")
    assert code == 0, err
    size, found = boundaries(tmp_path / "x.png", axis=1)
    assert size == (133, 2000)
    assert len(found) == len(expected)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2.0)


@pytest.mark.parametrize("kind", ["recipe", "recipes"])
def test_plugins_lists_recipes_too(run, kind):
    """By either name, each with its head; one of them with its file; an unknown one with a suggestion."""
    code, out, _ = run("plugins", kind)
    assert code == 0
    assert "lime-0.2.0.1" in out
    code, out, _ = run("plugins", kind, "lime")
    assert code == 0
    assert "lime.toml" in out
    assert "lime-0.2.0.1.toml" not in out
    code, _, err = run("plugins", kind, "limes")
    assert code == 2
    assert "Did you mean 'lime'" in err


def test_a_recipe_whose_file_is_gone_stops_no_other(run, monkeypatch, tmp_path):
    """It is listed as broken."""
    known = limefw.registry()
    monkeypatch.setitem(known._found["recipes"], "gone", [(tmp_path / "gone.toml", Provider("acme"))])
    code, out, _ = run("recipe", "list")
    assert code == 0
    assert "broken: [Errno 2]" in out
    assert "lime-0.2.0.1" in out


def test_plugins_lists_every_plugin(run):
    """Every name of every kind is listed, with who provides it."""
    code, out, _ = run("plugins")
    assert code == 0
    for kind in ("segmenters", "renderers", "models"):
        for name in limefw.registry().names(kind):
            assert name in out
    assert "[limefw 0.1.0]" in out


def test_plugins_of_a_kind_show_parameters(run):
    """Parameters come with type, default and range."""
    code, out, _ = run("plugins", "segmenters")
    assert code == 0
    assert any(
        line.split() == ["n_segments", "integer", "=", "60", ">=", "2", "and", "<=", "10000"]
        for line in out.splitlines()
    )


def test_one_plugin_shows_where_it_is_written(run):
    """Module, file, line and docstring."""
    code, out, _ = run("plugins", "segmenter", "slic")
    assert code == 0
    assert "limefw_plugins.segmenters.slic" in out
    assert "slic.py:" in out
    assert "compactness: larger = squarer" in out


@pytest.mark.parametrize("arguments", [["sgmenters"], ["segmenters", "slick"]])
def test_an_unknown_plugin_suggests(run, arguments):
    """A misspelt kind or name exits with 2 and a suggestion."""
    code, _, err = run("plugins", *arguments)
    assert code == 2
    assert "Did you mean" in err


def test_recipes_are_listed_and_shown(run, tmp_path):
    """What `recipe show` prints is a recipe that reads back to itself."""
    code, out, _ = run("recipe", "list")
    assert code == 0
    assert "lime-0.2.0.1" in out
    code, out, _ = run("recipe", "show", "lime", "-s", "segmenter.use=slic", "-s", "segmenter.n_segments=33")
    assert code == 0
    (tmp_path / "mine.toml").write_text(out)
    assert limefw.build(tmp_path / "mine.toml").stages["segmenter"].params["n_segments"] == 33
    assert run("recipe", "show", "mine.toml")[1] == out


def test_recipe_check_names_every_fault(run, tmp_path):
    """All faults at once, each with file and key; exit code 2."""
    (tmp_path / "bad.toml").write_text('sampels = 3\nsegmenter = "slick"\nsurrogate = { use = "ridge", alpha = "1" }\n')
    code, out, err = run("recipe", "check", "lime", "bad.toml")
    assert code == 2
    assert "lime: good" in out
    for words in ("bad.toml", "sampels", "samples", "slick", "alpha"):
        assert words in err


def test_recipe_schema_is_json(run):
    """The schema parses and knows the stages."""
    code, out, _ = run("recipe", "schema")
    assert code == 0
    assert "segmenter" in json.loads(out)["properties"]


def test_version(run):
    """--version prints it."""
    assert run("--version")[:2] == (0, f"limefw, version {limefw.__version__}\n")


def drawn_lines(run, tmp_path, pixels, masks):
    """Draw a black photograph with masks; return where its boundaries are, per pixel of the photograph."""
    Image.fromarray(np.zeros((*masks.shape[1:], 3), np.uint8)).save(tmp_path / "black.png")
    np.save(tmp_path / "masks.npy", masks)
    labels = ("-s", "segmenter.use=labels", "-s", "segmenter.path=masks.npy")
    code, out, err = run("segments", "black.png", "-m", "mine:right", *labels, "-o", "x.png")
    assert code == 0, err
    with Image.open(tmp_path / "x.png") as picture:
        found = np.asarray(picture).astype(int)
    assert found.shape == (masks.shape[1] * pixels, masks.shape[2] * pixels, 3)
    return (found[..., 0] > 200) & (found[..., 2] < 50), (found > 200).all(axis=2), out


def test_segments_draws_a_line_around_each_of_masks_that_overlap(run, mine, tmp_path):
    """Also where another mask lies on both of its sides, and for one that others outdo everywhere."""
    rows, columns = np.indices((50, 50))
    yellow, _, _ = drawn_lines(run, tmp_path, 20, np.stack([rows < 30, rows > 19, columns > 39]))
    for edge, line in ((20, yellow.mean(axis=1)), (30, yellow.mean(axis=1)), (40, yellow.mean(axis=0))):
        assert line[edge * 20 - 1 : edge * 20 + 1].min() > 0.8
    covered = np.where(np.hypot(rows - 25, columns - 25) < 8, 0.2, 0.0)
    soft = np.stack([np.clip(1 - columns / 49, 0, 1), np.clip(columns / 49, 0, 1), covered]).astype(np.float32)
    yellow, white, _ = drawn_lines(run, tmp_path, 20, soft / soft.sum(axis=0))
    inside = white[20 * 18 : 20 * 32, 20 * 18 : 20 * 32]
    assert inside.any()
    assert yellow[20 * 25, 20 * 16 : 20 * 18].any()


def test_boundaries_are_equally_wide_around_every_segment(run, mine, tmp_path):
    """Two pixels, half of it on each side, also around segment 0."""
    columns = np.indices((40, 100))[1]
    yellow, _, _ = drawn_lines(
        run, tmp_path, 10, np.stack([columns < 30, (columns >= 30) & (columns < 70), columns > 69])
    )
    lines = np.flatnonzero(yellow.mean(axis=0) > 0.9)
    assert lines.tolist() == [299, 300, 699, 700]


def test_a_large_pictures_numbers_and_lines_are_large(run, mine, tmp_path):
    """In 2000 pixels, figures of 40; in a strip none lies over another, and those left out are counted."""
    Image.new("L", (3000, 2400)).save(tmp_path / "large.png")
    code, out, _ = run("segments", "large.png", "-m", "mine:right", "-s", "segmenter=grid", "-o", "x.png")
    assert (code, "too small" in out) == (0, False)
    with Image.open(tmp_path / "x.png") as picture:
        pixels = np.asarray(picture).astype(int)
    white = (pixels[:280, :280] > 200).all(axis=2)
    assert np.ptp(np.flatnonzero(white.any(axis=1))) >= 20
    yellow = ((pixels[..., 0] > 200) & (pixels[..., 2] < 50)).mean(axis=0) > 0.9
    assert yellow.sum() == 4 * 6
    Image.new("L", (2000, 40)).save(tmp_path / "strip.png")
    code, out, _ = run("segments", "strip.png", "-m", "mine:right", "-s", "segmenter=grid", "-o", "x.png")
    assert (code, "of them are too small in the picture for their numbers" in out) == (0, False)
    Image.new("L", (2000, 9)).save(tmp_path / "strip.png")
    code, out, _ = run("segments", "strip.png", "-m", "mine:right", "-s", "segmenter=grid", "-o", "x.png")
    assert (code, "49 of them are too small in the picture for their numbers" in out) == (0, True)
