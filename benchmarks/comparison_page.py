"""How large the page of a comparison is and how fast it opens: 12 ways to explain 20 pictures, in headless Chromium.

Run: python benchmarks/comparison_page.py [--seeds 1] [--labels 1] [--runs 5]
"""

import argparse
import json
import re
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import limefw


def pictures(count: int) -> list[np.ndarray]:
    """Return different pieces of the photograph that comes along, each 320 x 240."""
    from PIL import Image

    photo = np.asarray(Image.open(limefw.sample()).convert("RGB"))
    corners = np.random.default_rng(0).integers(0, [photo.shape[0] - 240, photo.shape[1] - 320], (count, 2))
    cut = [photo[top : top + 240, left : left + 320] for top, left in corners]
    return [np.ascontiguousarray(one[:, ::-1] if at % 2 else one) for at, one in enumerate(cut)]


def predict(batch: np.ndarray) -> np.ndarray:
    """Return three classes that look at different places: cheap, as it is the page that is measured."""
    light = np.asarray(batch)[:, ::4, ::4] / 255.0
    scores = [
        4 * light[:, 10:30, 10:30].mean((1, 2, 3)),
        3 * light[:, 30:50, 30:60, 0].mean((1, 2)),
        np.ones(len(light)),
    ]
    raised = np.exp(np.stack(scores, axis=1))
    return raised / raised.sum(axis=1, keepdims=True)


def opened(path: Path, runs: int) -> list[dict[str, float]]:
    """Return milliseconds from the start of navigation, for a fresh browser context each time."""
    from playwright.sync_api import sync_playwright

    found = []
    with sync_playwright() as driver:
        program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))))
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(runs):
            page = browser.new_context(viewport={"width": 1400, "height": 900}, offline=True).new_page()
            page.goto(path.as_uri())
            page.wait_for_selector("main[data-ready=all]")
            times = page.evaluate(
                "() => ({load: performance.timing.loadEventEnd - performance.timing.navigationStart,"
                " paint: performance.getEntriesByName('first-contentful-paint')[0].startTime,"
                " alive: performance.getEntriesByName('limefw-alive')[0].startTime,"
                " all: performance.getEntriesByName('limefw-ready')[0].startTime})"
            )
            found.append({**times, **hovered(page)})
            page.context.close()
        browser.close()
    return found


def hovered(page: Any) -> dict[str, float]:
    """Return how long 40 moves over one of the pictures kept the page busy: their median, and the longest."""
    page.locator(".cards").first.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    return page.evaluate(
        """async () => {
            const canvas = document.querySelector(".card canvas"), box = canvas.getBoundingClientRect();
            const took = [];
            for (let step = 0; step < 40; step++) {
                await new Promise(requestAnimationFrame);
                const start = performance.now();
                canvas.dispatchEvent(new PointerEvent("pointermove", {bubbles: true, pointerType: "mouse",
                    clientX: box.left + box.width * step / 40, clientY: box.top + box.height * (step % 7 + 1) / 9}));
                await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
                took.push(performance.now() - start);
            }
            took.sort((a, b) => a - b);
            return {hover: took[20], longest: took[39]};
        }"""
    )


def main() -> None:
    """Print sizes in KB and times in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("seeds", 1), ("labels", 1), ("runs", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    made = limefw.compare(
        pictures(20), limefw.model(predict, classes=["one", "two", "three"]), recipe="lime",
        vary={"segmenter": ["slic", "felzenszwalb", "grid"], "surrogate": ["ridge", "lasso", "linear", "huber"]},
        labels=f"top:{asked.labels}", seeds=asked.seeds, overrides={"samples": 100},
    )  # fmt: skip
    start = time.perf_counter()
    page = str(made.render("html").data)
    seconds = time.perf_counter() - start
    data = json.loads(re.search(r'id="limefw-data">(.*?)</script>', page, re.DOTALL)[1])
    shown = sum(len(one["seen"].get("src", "")) for one in data["instances"])
    print(f"made in {seconds:.1f} s; {len(page) / 1e3:.0f} KB, of which pictures {shown / 1e3:.0f} KB", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_text(page, "utf-8")
        times = opened(path, asked.runs)
    for key in times[0]:
        values = [one[key] for one in times]
        print(f"{key:7} median {statistics.median(values):5.0f}, worst {max(values):5.0f} ms")


if __name__ == "__main__":
    main()
