"""The browser in which pages are looked at."""

import shutil

import pytest


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        names = ("chromium", "chromium-browser", "google-chrome", "chrome")
        path = next(filter(None, map(shutil.which, names)), None)
        found = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()
