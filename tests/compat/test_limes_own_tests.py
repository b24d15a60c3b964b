"""lime's own test suite, as it is installed, with its import lines changed."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest


pytest.importorskip("lime")
FOLDER = Path(find_spec("lime").origin).parent / "tests"
FAILING_IN_LIME = {
    "test_indexed_string_callable": "compares lists of different lengths as arrays",
    "test_indexed_string_regex": "compares lists of different lengths as arrays",
    "test_lime_text_explainer_good_regressor": "fetches a data set",
    "test_lime_text_tabular_equal_random_state": "fetches a data set",
    "test_lime_text_tabular_not_equal_random_state": "fetches a data set",
    "test_instanciate_segmentation_algorithm": "gives quickshift a parameter that it no longer has",
}
"""What lime itself fails of it today, and why."""


@pytest.mark.skipif(not FOLDER.is_dir(), reason="lime was installed without its tests")
def test_limes_own_tests_pass(tmp_path):
    """All but those that lime fails too."""
    for path in FOLDER.glob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"^(from|import) lime\b", r"\1 limefw.compat.lime", text, flags=re.MULTILINE)
        assert "limefw.compat.lime" in text
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    # they draw from NumPy's global generator, and unseeded one of them fails now and then, as with lime (seed 0, say)
    seeded = "import numpy, pytest\n\n@pytest.fixture(autouse=True)\ndef seeded():\n    numpy.random.seed(1)\n"
    (tmp_path / "conftest.py").write_text(seeded, encoding="utf-8")
    run = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore", "--rootdir", str(tmp_path),
            "-k", " and ".join(f"not {name}" for name in FAILING_IN_LIME), str(tmp_path),
        ],
        capture_output=True, text=True, check=False, timeout=900, cwd=tmp_path,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-2000:]
    assert re.search(r"2[4-9] passed, 6 deselected", run.stdout), run.stdout
