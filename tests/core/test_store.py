"""Saved explanations: whole, or an error that says so; nothing of a file is ever executed."""

import io
import json
import os
import pickle
import stat
import tracemalloc
import zipfile
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import limefw
from limefw._files import write_whole
from limefw.errors import StoreError
from limefw.results import store
from limefw.types import Draws, Segments


def brightness(batch):
    """Return two classes by brightness."""
    light = batch.mean(axis=(1, 2, 3)) / 255
    return np.stack([light, 1 - light], axis=1)


def bump(batch):
    """Return two classes of which one needs two corners at once."""
    corner = (batch[:, [0, -1], [0, -1]] == picture()[[0, -1], [0, -1]]).all(axis=(1, 2))
    return np.stack([corner, ~corner], axis=1).astype(np.float64)


def picture(height=18, width=24):
    """Return a small photograph."""
    return np.random.default_rng(5).integers(0, 256, (height, width, 3), dtype=np.uint8)


def soft(image, rng, /):
    """Four segments that overlap."""
    hard = np.arange(image.shape[1])[None, :] * 4 // image.shape[1] * np.ones((image.shape[0], 1), dtype=int)
    basis = np.stack([(hard == at) * 0.75 + 0.0625 for at in range(4)]).astype(np.float32)
    return Segments(hard, ("a", "b", "c", "d"), parents=np.array([0, 0, 1, 1]), basis=basis)


def floats(_instance, segments, budget, rng, /):
    """Soft codes in pairs."""
    codes = rng.random((budget, segments.count)).astype(np.float32)
    codes[0] = 1
    yield Draws(codes, groups=np.arange(budget) // 2)


VARIANTS = {
    "plain": lambda: limefw.explain(picture(), brightness, segmenter={"use": "grid", "rows": 2}, samples=40),
    "tree": lambda: limefw.explain(
        picture(), bump, segmenter={"use": "grid", "rows": 2, "columns": 3}, surrogate="tree", labels=[1, 0]
    ),
    "soft": lambda: limefw.explain(picture(), brightness, segmenter=soft, sampler=floats, samples=30),
    "framed": lambda: limefw.explain(
        picture(30, 50),
        limefw.model(brightness, contract=limefw.Contract(size=(20, 20), resize="pad"), classes=["hell", "dünkel 😀"]),
        segmenter={"use": "grid", "rows": 3, "columns": 3}, samples=30,
    ),
    "float": lambda: limefw.explain(
        (picture() / 255)[..., :1], lambda batch: batch.mean(axis=(1, 2, 3)),
        segmenter={"use": "grid", "rows": 2}, samples=30,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def made():
    """Return one explanation of each variant."""
    return {name: make() for name, make in VARIANTS.items()}


@pytest.fixture
def saved(made, tmp_path):
    """Return the path of a saved explanation."""
    return made["plain"].save(tmp_path / "plain.limefw")


def assert_equal(one, other, where="explanation"):
    """Compare two values to the last bit, arrays with shape and dtype."""
    if isinstance(one, np.ndarray):
        assert (one.dtype, one.shape) == (other.dtype, other.shape), where
        assert one.tobytes() == other.tobytes(), where
    elif is_dataclass(one):
        assert type(one) is type(other), where
        for item in fields(one):
            assert_equal(getattr(one, item.name), getattr(other, item.name), f"{where}.{item.name}")
    elif hasattr(one, "items"):
        assert list(one) == list(other), where
        for key in one:
            assert_equal(one[key], other[key], f"{where}[{key!r}]")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), where
        for at, (left, right) in enumerate(zip(one, other, strict=True)):
            assert_equal(left, right, f"{where}[{at}]")
    else:
        assert type(one) is type(other), where
        assert one == other, where


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_field_survives_saving_and_loading(made, tmp_path, variant):
    """What is loaded equals what was saved in every field, to the last bit."""
    one = made[variant]
    other = limefw.load(one.save(tmp_path / "it.limefw"))
    assert_equal(one, other)
    assert repr(other) == repr(one)
    assert other.as_list() == one.as_list()
    assert other.values.tobytes() == one.values.tobytes()


def test_a_loaded_tree_predicts_as_before(made, tmp_path):
    """A surrogate that is not linear is rebuilt from its nodes."""
    one = made["tree"]
    other = limefw.load(one.save(tmp_path / "tree.limefw"))
    assert other.fit().detail["form"] == "tree"
    codes = one.neighbourhood.codes
    predicted = one.fit().predict(codes)
    assert len(set(predicted)) > 1
    assert other.fit().predict(codes).tobytes() == predicted.tobytes()


def test_loaded_arrays_are_read_only(saved):
    """A loaded explanation can no more be changed by mistake than a fresh one."""
    found = limefw.load(saved)
    with pytest.raises(ValueError, match="read-only"):
        found.instance.pixels[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        found.fit().effects[0] = 0


def test_saving_twice_gives_the_same_explanation(saved, tmp_path):
    """Loading and saving again loses nothing."""
    once = limefw.load(saved)
    assert_equal(once, limefw.load(once.save(tmp_path / "again.limefw")))


def test_what_is_neither_number_nor_text_cannot_be_saved(made, tmp_path):
    """A value that only a pickle could hold is refused when saving, and no file is left."""
    path = tmp_path / "it.limefw"
    for odd in (object(), b"bytes", np.array([object()]), np.array(["text"]), np.array([1j])):
        with pytest.raises(StoreError, match="cannot"):
            replace(made["plain"], provenance={"odd": odd}).save(path)
    assert list(tmp_path.iterdir()) == []


# --- damage


def test_a_file_cut_short_anywhere_is_told(saved, tmp_path):
    """A file that ends too early is a StoreError at every length."""
    data = saved.read_bytes()
    path = tmp_path / "cut.limefw"
    for length in sorted({*range(0, len(data), max(1, len(data) // 120)), *range(len(data) - 30, len(data))}):
        path.write_bytes(data[:length])
        with pytest.raises(StoreError, match=r"cut\.limefw is not a whole limefw explanation"):
            limefw.load(path)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damage_is_told_or_harmless(data):
    """Whatever bytes are changed, loading gives the same explanation or a StoreError, never anything else."""
    original, one, path = whole_file()
    changed = bytearray(original)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(changed)
    try:
        found = limefw.load(path)
    except StoreError:
        return
    assert found.fit().effects.tobytes() == one.fit().effects.tobytes()
    assert found.as_list() == one.as_list()


def whole_file(cache=[]):  # noqa: B006
    """Return the bytes of a saved explanation, itself and a path to write to."""
    if not cache:
        import tempfile

        folder = tempfile.TemporaryDirectory()
        one = VARIANTS["plain"]()
        cache.append((one.save(Path(folder.name) / "it.limefw").read_bytes(), one, Path(folder.name) / "x", folder))
    return cache[0][:3]


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_are_no_explanation(data):
    """Any other file is a StoreError."""
    path = whole_file()[2]
    path.write_bytes(data)
    with pytest.raises(StoreError):
        limefw.load(path)


def test_what_is_no_file_is_told_with_the_reason(tmp_path):
    """A missing file, a folder and an impossible name each say what they are."""
    with pytest.raises(StoreError, match=r"there is no file .*absent\.limefw"):
        limefw.load(tmp_path / "absent.limefw")
    with pytest.raises(StoreError, match="cannot be read: Is a directory"):
        limefw.load(tmp_path)
    for odd in ("nul\0byte", "x" * 5000, ""):
        with pytest.raises(StoreError):
            limefw.load(odd)


# --- hostile files


def rewrite(path, *, text=None, parts=None, compression=zipfile.ZIP_DEFLATED):
    """Change a saved explanation: `text` maps its JSON, `parts` replaces or adds files."""
    with zipfile.ZipFile(path) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    if text is not None:
        content = json.loads(inside["explanation.json"])
        inside["explanation.json"] = json.dumps(text(content) or content).encode()
    inside |= parts or {}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in inside.items():
            archive.writestr(name, data)
    return path


def npy(array, **options):
    """Return an array as the bytes of an .npy file."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, **options)
    return stream.getvalue()


def header(shape, dtype="<f8", version=(1, 0)):
    """Return an .npy header that claims a shape, with nothing behind it."""
    stream = io.BytesIO()
    write = np.lib.format.write_array_header_1_0 if version == (1, 0) else np.lib.format.write_array_header_2_0
    write(stream, {"descr": dtype, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def refused(path, match=None):
    """Check that loading is refused, in little memory, and return the message."""
    tracemalloc.start()
    try:
        with pytest.raises(StoreError, match=match) as caught:
            limefw.load(path)
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()
    return str(caught.value)


class Canary:
    """Leaves a file behind where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_pickles_inside_are_never_executed(saved, tmp_path):
    """An array of objects, a bare pickle and a pickle under an array's name are refused unopened."""
    canary = tmp_path / "canary"
    evil = npy(np.array([Canary(canary)], dtype=object), allow_pickle=True)
    for part in (evil, pickle.dumps(Canary(canary)), header((1,), "|O") + pickle.dumps([Canary(canary)])):
        refused(rewrite(saved, parts={"0.npy": part}))
    saved.write_bytes(pickle.dumps(Canary(canary)))
    refused(saved)
    assert not canary.exists()
    pickle.loads(pickle.dumps(Canary(canary)))
    assert canary.exists(), "the canary can be heard"


def test_a_newer_schema_says_to_upgrade(saved):
    """A file of a later limefw is refused with the pip line; one of no limefw, as such."""
    text = refused(rewrite(saved, text=lambda content: {**content, "schema": store.SCHEMA + 1}))
    assert f"was written by a newer limefw (schema {store.SCHEMA + 1}; this one reads up to {store.SCHEMA})" in text
    assert "pip install --upgrade limefw" in text
    for odd in ({"schema": "1"}, {"schema": None}, {"format": "other"}):
        refused(rewrite(saved, text=lambda content, odd=odd: {**content, "schema": 1, **odd}), "is not a limefw expl")


def test_a_zip_bomb_is_refused_by_its_declared_size(saved):
    """What a file would unpack to is summed up before anything is unpacked."""
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("0.npy", "w") as stream:
        for _ in range(20):
            stream.write(bytes(1_000_000))
    data = bytearray(bomb.getvalue())
    place = data.rindex(b"PK\x01\x02") + 24
    data[place : place + 4] = (store.LARGEST + 1).to_bytes(4, "little")
    saved.write_bytes(data)
    refused(saved, r"would unpack to 2\.00 GB, 0\.0 MB of it text, more than the 2 GB")


def test_a_text_of_great_length_is_refused(saved):
    """The JSON part has a limit of its own: parsed text takes many times its size."""
    big = b" " * (store.LARGEST_TEXT + 1)
    refused(rewrite(saved, parts={"explanation.json": big}), "20 MB of text")


def test_one_array_named_many_times_is_held_once(saved):
    """Many references to one array cost no more than one."""

    def repeat(content):
        content["content"]["fields"]["provenance"] = {"$map": [["many", [{"$array": 0}] * 100]]}

    rewrite(saved, text=repeat, parts={"0.npy": npy(np.zeros((1000, 1000)))})
    refused(saved)


@pytest.mark.parametrize(
    "claim",
    [
        header((10**12,)),
        header((10**12,), version=(2, 0)),
        header((10**6, 10**6, 10**6), "|b1"),
        header((-1,)),
        header((-(10**6), -(10**6))),
        header((2**63,), "|b1"),
        header((10**12,), "|S0"),
        header((10**12,), "|V0"),
        header((3,), "<U1000"),
        header((3,), "<c16"),
        header((3,), "<M8[s]"),
        header((3,), [("a", "<f8", (10**6,))]),
        b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65535,
        b"\x93NUMPY\x09\x00" + bytes(50),
        b"\x93NUMPY\x01\x00\x10\x00{'descr': __im}\n",
        b"",
    ],
)
def test_an_array_that_claims_more_than_it_has_is_refused(saved, claim):
    """A header's shape and type are held against the bytes behind it before memory is taken."""
    refused(rewrite(saved, parts={"0.npy": claim}))


def nested(depth):
    """Return JSON of many brackets."""
    return (b'{"format":"limefw explanation","schema":1,"content":' + b"[" * depth + b"]" * depth + b"}",)[0]


@pytest.mark.parametrize(
    "text",
    [
        nested(900),
        nested(100_000),
        b'{"format": "limefw explanation", "schema": 1}',
        b'{"format": "limefw explanation", "schema": 1, "content": 5}',
        b'{"format": "limefw explanation", "schema": 1, "content": {"$map": [[[], 1]]}}',
        b'{"format": "limefw explanation", "schema": 1, "content": {"$map": [[{"$map": []}, 1]]}}',
        b'{"format": "limefw explanation", "schema": 1, "content": {"$array": 1e999}}',
        b'{"format": "limefw explanation", "schema": 1, "content": {"$array": -1}}',
        b'{"format": "limefw explanation", "schema": 1, "content": {"$array": "../../etc/passwd"}}',
        b'{"format": "limefw explanation", "schema": 1, "content": {"$type": "Fit"}}',
        b'{"format": "limefw explanation", "schema": 1, "content": {"$type": "Fit", "fields": {"no": 1}}}',
        b'{"format": "limefw explanation", "schema": 1, "content": {"$type": ["Fit"], "fields": {}}}',
        b'{"format": "limefw explanation", "schema": 1, "content": ' + b"9" * 5000 + b"}",
        b"[]",
        b"",
        b"\xff\xfe",
    ],
)
def test_json_of_another_form_is_refused(saved, text):
    """Text that is nested too deep, incomplete or of another form is a StoreError."""
    refused(rewrite(saved, parts={"explanation.json": text}))


@pytest.mark.parametrize("name", ["Popen", "object", "Path", "Draws", "__import__", "limefw.types.Fit"])
def test_a_type_that_is_no_part_of_an_explanation_is_refused(saved, name):
    """Only the value types of an explanation are ever built, whatever a file names."""
    content = {"$type": name, "fields": {"args": ["true"]}}
    text = refused(rewrite(saved, text=lambda whole: {**whole, "content": content}))
    assert f"holds a '{name}', which is no part of an explanation" in text


def test_an_explanation_inside_out_is_refused(saved):
    """A file whose outermost value is only a part of an explanation says what it holds."""
    text = refused(
        rewrite(saved, text=lambda whole: {**whole, "content": whole["content"]["fields"]["segments"]}),
    )
    assert "holds Segments, not an explanation" in text


@pytest.mark.parametrize("name", ["../escaped", "/escaped", "a/../../escaped", "C:\\escaped"])
def test_names_inside_never_become_files(saved, tmp_path, name):
    """A part named like a path elsewhere is never written anywhere: parts are read by number."""
    before = sorted(tmp_path.parent.rglob("*"))
    rewrite(saved, parts={name: b"evil"})
    assert limefw.load(saved)
    assert sorted(tmp_path.parent.rglob("*")) == before


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(saved, compression):
    """Only what limefw writes is unpacked: some decoders take gigabytes when a header says so."""
    refused(rewrite(saved, compression=compression), "compressed in a way that limefw does not write")


def field(content, *names):
    """Return a nested field of the JSON form."""
    for name in names:
        content = content["fields"][name] if isinstance(name, str) else content["$map"][name][1]
    return content


def arrays(content):
    """Return the numbers of arrays by where they are."""
    inside = content["content"]
    return {
        "pixels": field(inside, "instance", "pixels"),
        "labels": field(inside, "segments", "labels"),
        "codes": field(inside, "neighbourhood", "codes"),
        "targets": field(inside, "neighbourhood", "targets"),
        "weights": field(inside, "neighbourhood", "weights"),
        "groups": field(inside, "neighbourhood", "groups"),
        "effects": field(inside, "fits", 0, "effects"),
        "covariance": field(inside, "fits", 0, "covariance"),
    }


def array_of(path, name):
    """Return an array of a saved explanation and its file's name."""
    with zipfile.ZipFile(path) as archive:
        number = arrays(json.loads(archive.read("explanation.json")))[name]["$array"]
        return np.lib.format.read_array(io.BytesIO(archive.read(f"{number}.npy"))), f"{number}.npy"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("pixels", lambda array: array[0]),
        ("pixels", lambda array: np.full(array.shape, np.nan)),
        ("pixels", lambda array: array[:-1]),
        ("pixels", lambda array: array[:0]),
        ("labels", lambda array: array.T),
        ("labels", lambda array: array + 1),
        ("labels", lambda array: array * 0),
        ("labels", lambda array: array - 2),
        ("labels", lambda array: array.astype(np.float64)),
        ("codes", lambda array: array.T),
        ("codes", lambda array: array[:-1]),
        ("targets", lambda array: array.T),
        ("targets", lambda array: array[:-1]),
        ("weights", lambda array: array * np.nan),
        ("weights", lambda array: -array),
        ("weights", lambda array: array * 0),
        ("weights", lambda array: array[:-1]),
        ("effects", lambda array: array[:-1]),
        ("effects", lambda array: array * np.nan),
        ("covariance", lambda array: array[:-1]),
    ],
)
def test_parts_that_contradict_one_another_are_refused(saved, name, change):
    """Shapes and numbers are held against one another, so that no later call fails in odd ways."""
    array, part = array_of(saved, name)
    refused(rewrite(saved, parts={part: npy(np.ascontiguousarray(change(array)))}))


@pytest.mark.parametrize(
    ("names", "value"),
    [
        (("health", "samples"), "many"),
        (("health", "samples"), 1.5),
        (("health", "samples"), True),
        (("health", "effective_samples"), None),
        (("health", "cautions"), "none"),
        (("health", "cautions"), ["none"]),
        (("health", "labels", 0), 5),
        (("health", "labels", 0, "fidelity"), "good"),
        (("segments", "names"), "abc"),
        (("segments", "names"), [1] * 14),
        (("segments", "parents"), "abc"),
        (("instance", "value_range"), [0, 1, 2]),
        (("instance", "name"), None),
        (("neighbourhood", "groups"), [1, 2]),
        (("fits", 0), None),
        (("fits", 0, "intercept"), [1]),
        (("names", 0), 7),
        (("outlook",), {"$array": 0}),
        (("provenance",), 3.5),
        (("frame",), "none"),
    ],
)
def test_a_field_of_another_type_is_refused(saved, names, value):
    """Each field of what is loaded has the type that it is declared with."""

    def change(content):
        *way, last = names
        at = field(content["content"], *way)
        if isinstance(last, str):
            at["fields"][last] = value
        else:
            at["$map"][last][1] = value

    refused(rewrite(saved, text=change), r"plain\.limefw has .* for [A-Z][A-Za-z]+\.[a-z_]+")


def test_two_arrays_in_each_other_s_place_are_refused(saved):
    """Arrays that are swapped do not fit where they are."""

    def swap(content):
        found = arrays(content)
        found["codes"]["$array"], found["weights"]["$array"] = found["weights"]["$array"], found["codes"]["$array"]

    refused(rewrite(saved, text=swap))


def test_another_label_than_its_name_is_refused(saved):
    """Fits, names and health must be of the same labels."""

    def rename(content):
        content["content"]["fields"]["names"]["$map"][0][0] = 99

    refused(rewrite(saved, text=rename), "its labels differ from place to place")


@pytest.mark.parametrize("odd", [5, None, "text", [1, 2], True])
@pytest.mark.parametrize("key", ["recipe", "rows", "versions", "extra"])
def test_a_provenance_that_is_not_made_of_mappings_is_refused(saved, key, odd):
    """Renderers look into its parts; only the time at which it was made is text."""

    def change(content):
        entries = content["content"]["fields"]["provenance"]["$map"]
        entries[:] = [entry for entry in entries if entry[0] != key] + [[key, odd]]

    refused(rewrite(saved, text=change), "its provenance is not made of mappings")


# --- writing


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("limit", ["LARGEST", "LARGEST_TEXT"])
@pytest.mark.parametrize("beyond", [-1000, -1, 0, 1, 1000])
def test_what_would_not_be_read_back_is_not_written(made, tmp_path, monkeypatch, variant, limit, beyond):
    """Saving refuses exactly what loading would refuse, to the byte, and leaves no file."""
    path = made[variant].save(tmp_path / "it.limefw")
    with zipfile.ZipFile(path) as archive:
        sizes = {item.filename: item.file_size for item in archive.infolist()}
    size = sum(sizes.values()) if limit == "LARGEST" else sizes["explanation.json"]
    monkeypatch.setattr(store, limit, size - beyond)
    if beyond <= 0:
        made[variant].save(tmp_path / "other.limefw")
        assert limefw.load(tmp_path / "other.limefw").as_list() == made[variant].as_list()
        return
    with pytest.raises(StoreError, match="would unpack to"):
        limefw.load(path)
    with pytest.raises(StoreError, match=r"cannot write .*other\.limefw: .* more than .* that limefw reads back"):
        made[variant].save(tmp_path / "other.limefw")
    assert [item.name for item in tmp_path.iterdir()] == ["it.limefw"]


@pytest.mark.parametrize("fails", ["fsync", "replace", "write"])
@pytest.mark.parametrize("existing", [True, False])
def test_a_full_disk_leaves_what_was_there(made, tmp_path, monkeypatch, fails, existing):
    """Where the disk will not have it, the old file is untouched and nothing temporary is left."""
    path = tmp_path / "it.limefw"
    if existing:
        path.write_bytes(b"old")

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    class Full(io.FileIO):
        write = full

    if fails == "write":
        monkeypatch.setattr(os, "fdopen", Full)
    else:
        monkeypatch.setattr(os if fails == "fsync" else Path, fails, full)
    with pytest.raises(StoreError, match=r"cannot write .*it\.limefw: No space left on device\. Nothing was changed"):
        made["plain"].save(path)
    monkeypatch.undo()
    assert [item.name for item in tmp_path.iterdir()] == (["it.limefw"] if existing else [])
    assert not existing or path.read_bytes() == b"old"


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    """What is no file, as a pipe or /dev/stdout, is written to as it is and never replaced by a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert write_whole(pipe, b"through") == pipe
        assert stat.S_ISFIFO(pipe.stat().st_mode)
        assert os.read(reader, 100) == b"through"
    finally:
        os.close(reader)
    assert [item.name for item in tmp_path.iterdir()] == ["pipe"]


def test_a_truly_full_device_is_told(made, tmp_path):
    """A device without space gives the system's own reason, and stays a device."""
    # one of our own: run as root, a fault in here would replace the system's
    full = tmp_path / "full"
    try:
        os.mknod(full, stat.S_IFCHR | 0o600, os.makedev(1, 7))
        full.open("wb").close()
    except (OSError, AttributeError):
        pytest.skip("devices can be made by root on Linux alone")
    with pytest.raises(StoreError, match=r"cannot write .*full: No space left on device"):
        made["plain"].save(full)
    assert stat.S_ISCHR(full.stat().st_mode)


def test_ctrl_c_while_writing_leaves_nothing_behind(tmp_path, monkeypatch):
    """An interruption is passed on, with the old file untouched and nothing temporary left."""

    def interrupted(_number):
        raise KeyboardInterrupt

    path = tmp_path / "it"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, b"new")
    assert [item.name for item in tmp_path.iterdir()] == ["it"]
    assert path.read_bytes() == b"old"


def test_impossible_places_are_told(tmp_path):
    """A folder, a file in the way of a folder and an impossible name each give the system's reason."""
    (tmp_path / "file").write_bytes(b"old")
    for path, reason in [
        (tmp_path, "Is a directory"),
        (tmp_path / "file" / "it", "Not a directory|File exists"),
        (tmp_path / ("x" * 300), "File name too long"),
        ("nul\0byte", "null"),
    ]:
        with pytest.raises(StoreError, match=reason):
            write_whole(path, b"new")
    assert [item.name for item in tmp_path.iterdir()] == ["file"]


def test_folders_are_made_and_the_longest_name_serves(tmp_path):
    """Missing folders are made, and any name that the system takes can be written."""
    path = tmp_path / "a" / "b" / ("x" * 255)
    assert write_whole(path, b"new") == path
    assert path.read_bytes() == b"new"


def test_a_new_file_is_as_open_would_have_made_it(tmp_path):
    """A new file has the permissions of any other new file, under the user's umask."""
    old = os.umask(0o027)
    try:
        path = write_whole(tmp_path / "it", b"new")
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_an_existing_file_keeps_its_permissions_and_a_link_its_target(tmp_path):
    """Writing over a private file leaves it private; writing through a link changes what it leads to."""
    path = tmp_path / "private"
    path.write_bytes(b"old")
    path.chmod(0o600)
    link = tmp_path / "link"
    link.symlink_to(path)
    assert write_whole(link, b"new") == link
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("child", [0, -1, 99])
def test_a_tree_that_goes_round_in_circles_is_refused(made, tmp_path, child):
    """A node's children come after it and exist: otherwise `predict` would never end."""
    found = made["tree"]
    label = found.labels[0]
    fit = found.fits[label]
    left = np.array(fit.detail["left"])
    left[0] = child
    hostile = replace(fit, detail={**fit.detail, "left": left})
    path = replace(found, fits={**found.fits, label: hostile}).save(tmp_path / "x.limefw")
    with pytest.raises(StoreError, match="round in circles"):
        limefw.load(path)


@pytest.mark.parametrize("box", [(0.0, 0.0, np.nan, 4.0), (0.0, 0.0, 0.0, 4.0), (0.0, 0.0, -1.0, 4.0)])
def test_a_frame_without_extent_is_refused(made, tmp_path, box):
    """A frame shows a finite part of the photograph."""
    found = made["framed"]
    path = replace(found, frame=replace(found.frame, box=box)).save(tmp_path / "x.limefw")
    with pytest.raises(StoreError, match="frame"):
        limefw.load(path)
