"""A browser, and a report to open."""

import os

import pytest

ARGUMENTS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@pytest.fixture(scope="session")
def browser():
    """Chromium: `/usr/bin/chromium`, or what ``ADLCORE_CHROMIUM`` names."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("ADLCORE_CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def report(page):
    """The file of the run in which all marks fall."""
    return page.path
