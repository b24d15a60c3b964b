"""Texts on the command line: given in words or as a file, cut, explained, drawn."""

import pytest


@pytest.fixture
def mine(tmp_path):
    """A module of the user's own in the current folder, with a model of texts in it."""
    (tmp_path / "words.py").write_text(
        "import numpy as np\n"
        "def predict(texts):\n"
        "    scores = np.array([text.count('good') - text.count('bad') for text in texts], dtype=float)\n"
        "    high = 0.5 + 0.5 * np.tanh(scores / 2)\n"
        "    return np.stack([1 - high, high], axis=1)\n",
        encoding="utf-8",
    )
    (tmp_path / "review.txt").write_text("A good film, not a bad one.\n", encoding="utf-8")
    return "words:predict"


def test_a_text_is_explained(run, mine, tmp_path):
    """The gist is printed; page, figure, text and figures lie beside the result."""
    code, out, err = run("explain", "--text", "A good film, not a bad one.", "-m", mine, "-l", "1")
    assert (code, "[+good+] film, not a [−bad−] one" in out) == (0, True)
    assert "Without the word “good” the probability of class 1 becomes 0.27 instead of 0.50" in " ".join(out.split())
    names = {path.name for path in (tmp_path / "limefw-out").iterdir()}
    assert names == {"text.limefw", "text.html", "text-figure.png", "text-text.txt", "text.json"}
    assert "wrote" in err


def test_a_file_of_text_is_explained_and_drawn_again(run, mine, tmp_path):
    assert run("explain", "review.txt", "-m", mine, "-o", "out/")[0] == 0
    assert (tmp_path / "out" / "review.html").is_file()
    assert run("draw", "out/review.limefw", "-o", "again.html")[0] == 0
    assert (tmp_path / "again.html").read_text("utf-8") == (tmp_path / "out" / "review.html").read_text("utf-8")
    assert run("explain", "review.txt", "-m", mine, "-o", "bars.png")[0] == 0
    assert (tmp_path / "bars.png").read_bytes()[:4] == b"\x89PNG"
    code, out, _ = run("explain", "review.txt", "-m", mine, "-o", "-", "-s", "segmenter.use=characters", "-n", "60")
    assert (code, "characters" in out) == (0, True)


def test_a_text_is_cut_without_a_model(run, mine):
    code, out, _ = run("segments", "review.txt", "-s", "segmenter.bag=false")
    assert (code, out.splitlines()[0]) == (0, "[A] [good] [film], [not] [a] [bad] [one].")
    assert "7 segments in 28 characters" in out
    assert "\x1b" not in run("segments", "--text", "good \x1b[31m day")[1]


def test_a_pipeline_in_a_file_is_a_model(run, mine, tmp_path):
    """One of scikit-learn that begins with a vectoriser, saved by skops."""
    skops = pytest.importorskip("skops.io")
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    texts, verdicts = ["good film", "bad film", "good", "bad one"] * 3, ["pos", "neg", "pos", "neg"] * 3
    skops.dump(make_pipeline(CountVectorizer(), LogisticRegression()).fit(texts, verdicts), tmp_path / "model.skops")
    code, out, _ = run("explain", "review.txt", "-m", "model.skops", "-l", "pos", "-o", "-")
    assert (code, "What speaks for and against pos" in out) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--text", "good day"], "model 'EfficientNet-Lite0' is for image, and this is text"),
        (["--text", "good day", "review.txt"], "give a file, --text or --sample, and one of them alone"),
        (["--text", "good", "-m", "words:predict"], "has only one word"),
        (["review.txt", "-m", "words:predict", "-f", "overlay"], "renderer 'overlay' is for image, and this is text"),
        (["none.txt", "-m", "words:predict"], "there is no file none.txt"),
        (
            ["review.txt", "-m", "words:predict", "-r", "fast"],
            "what of this one suits it: sampler='hadamard', kernel='symmetric'",
        ),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence(run, mine, arguments, message):
    code, _, err = run("explain", *arguments)
    assert code != 0
    assert message in " ".join(err.split())
    assert "Traceback" not in err
