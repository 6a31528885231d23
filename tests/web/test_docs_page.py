"""The API told on a page: from this host alone, without a complaint, and requests can be tried."""

from collections.abc import Iterator
from typing import Any

import pytest
from browser import opened
from page_service import served


@pytest.fixture(scope="module")
def home() -> Iterator[str]:
    with served(generator=False) as address:
        yield address


@pytest.fixture
def page(browser: Any, home: str) -> Iterator[Any]:
    with opened(browser, home) as page:
        page.goto(f"{home}/docs")
        page.get_by_role("heading", name="Health").wait_for()
        yield page


def test_every_route_is_told(page: Any, home: str) -> None:
    told = page.request.get(f"{home}/openapi.json").json()
    for path in told["paths"]:
        assert page.get_by_text(path, exact=False).count(), path


def test_a_request_is_tried(page: Any) -> None:
    with page.expect_response("**/api/health") as waiting:
        page.get_by_role("button", name="Try").first.click()
    assert waiting.value.ok


def test_it_is_as_dark_as_the_page(browser: Any, home: str) -> None:
    with opened(browser, home, color_scheme="dark") as page:
        page.goto(f"{home}/docs")
        page.get_by_role("heading", name="Health").wait_for()
        assert page.locator("rapi-doc").get_attribute("theme") == "dark"
        page.emulate_media(color_scheme="light")
        page.wait_for_function("() => document.querySelector('rapi-doc[theme=light]')")
