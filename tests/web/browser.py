"""Debian's Chromium, driven by Playwright: pages that are watched while a test uses them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

ARGUMENTS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
"""WebGL without a graphics card."""
OURS = ("GPU stall", "willReadFrequently")
"""Warnings about pictures that tests take, not about what the page does."""
PATIENCE = 60_000
"""Milliseconds to wait for anything: figures are drawn by the processor here."""


@contextmanager
def chromium() -> Iterator[Any]:
    """A running browser; the test is skipped, with the reason, where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


class Watch:
    """What a page said and asked for while it was used."""

    def __init__(self, page: Any, home: str) -> None:
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        self._home = urlsplit(home).netloc
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._see)

    def _hear(self, message: Any) -> None:
        ours = any(text in message.text for text in OURS)
        if message.type in ("error", "warning") and not ours:
            self.complaints.append(f"{message.text} {message.location.get('url', '')}")

    def _see(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self._home:
            self.strangers.append(request.url)


@contextmanager
def opened(browser: Any, home: str, *, allowed: str | None = None, **options: Any) -> Iterator[Any]:
    """A page in a window of its own, whose user has asked for little motion: that is cheap to draw.

    Afterwards it must have complained of nothing (but ``allowed``, a text) and asked no other host.
    """
    usual = {"viewport": {"width": 1000, "height": 640}, "reduced_motion": "reduce"}
    window = browser.new_context(**usual | options)
    window.set_default_timeout(PATIENCE)
    page = window.new_page()
    watch = Watch(page, home)
    try:
        yield page
    finally:
        window.close()
    complaints = [said for said in watch.complaints if allowed is None or allowed not in said]
    assert complaints == [], f"the page complained: {complaints}"
    assert watch.strangers == [], f"the page asked other hosts: {watch.strangers}"


LOOK = """canvas => new Promise(done => requestAnimationFrame(() => done(canvas.toDataURL())))"""
"""What a canvas shows after the next picture is drawn, before WebGL clears it."""


def look(page: Any, selector: str) -> str:
    """The picture on the first canvas of that selector."""
    return page.locator(selector).first.evaluate(LOOK)


def wait_for_change(page: Any, selector: str) -> None:
    """Waits until the canvas shows another picture than now: time passes there."""
    before = look(page, selector)
    for _ in range(40):
        page.wait_for_timeout(250)
        if look(page, selector) != before:
            return
    pytest.fail(f"{selector} shows the same picture for ten seconds")
