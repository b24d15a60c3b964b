"""``limefw plan`` and ``--samples auto``."""

import json


def test_plan_says_what_it_would_cost(run, photo, mine):
    """Rows, calls, seconds and memory, on five lines, and a caution."""
    code, out, err = run("plan", photo, "-m", f"{mine}:right", "-s", "segmenter=grid", "-n", 300, "-l", 0)
    assert (code, err) == (0, "")
    head, rows, calls, seconds, memory, caution = out.splitlines()
    assert head == "photo.png: 49 segments, 1 label"
    assert rows == "rows     300; the model is shown 300 to 302"
    assert calls.startswith("calls    ")
    assert " ms a row, timed on " in seconds
    assert seconds.endswith(", and cutting; fits not counted")
    assert memory.startswith("memory   about ")
    assert caution == "! 300 samples for 49 segments: 490 or more are advisable"


def test_plan_says_that_looks_come_on_top(run, photo, mine):
    """Of automatic stopping, beside fits."""
    code, out, _ = run("plan", photo, "-m", f"{mine}:right", "-s", "segmenter=grid", "-n", "auto")
    assert code == 0
    assert out.splitlines()[3].endswith(", and cutting; fits and looks not counted")


def test_plan_as_json(run, photo, mine):
    """For programs; automatic stopping is a range, from the look at which 98 pairs are there for 49 segments."""
    code, out, _ = run("plan", photo, "-m", f"{mine}:right", "-s", "segmenter=grid", "-n", "auto", "--json")
    assert code == 0
    found = json.loads(out)
    assert found["rows"] == {"least": 256, "most": 2000}
    assert found["segments"] == 49


def test_plan_has_the_faults_of_explain(run, photo, mine):
    """Told alike, with exit code 2."""
    code, _, err = run("plan", photo, "-m", f"{mine}:right", "-s", "surrogate=huber", "-n", "auto")
    assert code == 2
    assert "gives no intervals" in err


def test_samples_are_a_number_or_auto(run, photo, mine):
    """On the command line as in a recipe; settings say how."""
    given = ("-m", f"{mine}:right", "-s", "segmenter=grid", "-l", 0, "--out", "-")
    code, out, _ = run("explain", photo, *given, "-n", "auto", "-s", "samples.max=400", "-f", "json")
    assert code == 0
    found = json.loads(out)
    assert found["provenance"]["recipe"]["samples"] == {"max": 400, "stop": "top5", "confidence": 0.9}
    assert found["health"]["samples"] <= 400
    assert found["provenance"]["stopping"]["looks"]
    code, _, err = run("explain", photo, *given, "-n", "many")
    assert code == 2
    assert "'many' is neither a whole number nor auto" in err
