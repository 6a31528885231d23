"""Every tab of the page in a browser, with a generator and without, and what refusals look like."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import small_makers
from browser import opened, wait_for_change
from page_service import served


@pytest.fixture(scope="module")
def home() -> Iterator[str]:
    with served(generator=True) as address:
        yield address


@pytest.fixture
def page(browser: Any, home: str) -> Iterator[Any]:
    with opened(browser, home) as page:
        page.goto(home)
        page.locator(".tab").first.wait_for()
        yield page


def go(page: Any, tab: str) -> None:
    page.get_by_role("tab", name=tab).click()
    page.locator(f"main[aria-labelledby=tab-{tab.lower()}] h1").wait_for()
    assert page.get_by_role("tab", name=tab).get_attribute("aria-selected") == "true"


def test_arrow_keys_go_from_tab_to_tab(page: Any) -> None:
    page.get_by_role("tab", name="Search").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("heading", name="Make a movement from words").wait_for()
    assert page.get_by_role("tab", name="Generate").get_attribute("aria-selected") == "true"


def test_words_make_as_many_motions_as_asked_for(page: Any) -> None:
    go(page, "Generate")
    page.get_by_label("Movement").fill("a person waves")
    page.get_by_label("Versions").fill("3")
    page.get_by_role("button", name="Generate").click()
    page.locator(".made .card").nth(2).wait_for()
    assert page.locator(".made .card").count() == 3
    page.get_by_label("Movement").fill("a person bows")
    page.get_by_role("button", name="Generate").click()
    page.locator(".results .made h2", has_text="a person bows").wait_for()
    assert page.locator(".earlier .made h2").inner_text() == "a person waves"


def test_nothing_is_made_from_no_words(page: Any) -> None:
    go(page, "Generate")
    page.get_by_role("button", name="Generate").click()
    page.get_by_text("Say first what the body does.").wait_for()


def test_a_blend_has_a_slider_from_one_to_the_other(page: Any) -> None:
    go(page, "Blend")
    page.get_by_label("From", exact=True).fill("a person waves")
    page.get_by_label("To", exact=True).fill("a person bows")
    page.get_by_label("Steps").fill("3")
    page.get_by_role("button", name="Blend", exact=True).click()
    page.locator(".blended .card").nth(2).wait_for()
    page.get_by_label("How far along the way").fill("2")
    assert page.locator(".mix output").inner_text() == "100 %"
    last = page.locator(".blended .card").nth(2)
    assert last.get_attribute("aria-current") == "true"
    link = page.locator(".blended .download[data-format=glb]").get_attribute("href")
    assert last.get_attribute("data-clip") in link
    wait_for_change(page, ".blended canvas.stage")


def test_a_clip_can_stand_where_words_do(page: Any) -> None:
    go(page, "Blend")
    page.get_by_role("button", name="Use a clip instead").first.click()
    card = page.locator("dialog.chooser .card").first
    title = card.get_attribute("title")
    card.click()
    assert title in page.locator(".chosen").inner_text()
    page.get_by_role("button", name="Use words instead").click()
    assert page.locator(".chosen").count() == 0


def test_an_edit_shows_before_and_after(page: Any) -> None:
    go(page, "Edit")
    page.get_by_role("button", name="Edit", exact=True).click()
    page.locator(".names span").nth(1).wait_for()
    before, after = page.locator(".names span").all_inner_texts()
    assert before.startswith("Before: ")
    assert after.startswith("After: − ")
    wait_for_change(page, ".blended canvas.stage")


def test_a_probe_tells_what_words_and_attacks_do_to_ranks(page: Any) -> None:
    go(page, "Probe")
    page.get_by_label("Prompt").fill("a person waves")
    page.get_by_role("button", name="Probe", exact=True).click()
    page.locator(".word", has_text="waves").wait_for()
    assert page.locator(".word").count() == 3
    page.locator(".word", has_text="person").click()
    page.locator(".heads h3", has_text="a … waves").wait_for()
    page.locator("[data-attack=typos]").first.click()
    page.locator(".outcome[data-attack=typos]").wait_for()
    ranks = page.locator(".after .rank strong").all_inner_texts()
    assert len(ranks) == page.locator(".before .entry").count()
    assert all(int(rank.replace(",", "")) >= 1 for rank in ranks)


def test_a_wording_of_ones_own_is_tried_while_it_is_typed(page: Any) -> None:
    go(page, "Probe")
    page.locator(".word").first.wait_for()
    page.get_by_label("Your own attack").fill("somebody is greeting")
    row = page.locator(".outcome[data-attack=typed]")
    row.wait_for()
    assert "somebody is greeting" in row.inner_text()


def test_the_map_plays_what_is_pointed_at_and_opens_it(page: Any) -> None:
    go(page, "Map")
    plane = page.locator("canvas.plane")
    plane.focus()
    page.keyboard.press("ArrowRight")
    page.locator(".hover canvas").wait_for()
    page.emulate_media(reduced_motion="no-preference")
    wait_for_change(page, ".hover canvas")
    page.keyboard.press("Enter")
    page.locator("dialog.player[open]").wait_for()


def test_a_prompt_marks_the_map(page: Any) -> None:
    go(page, "Map")
    page.get_by_label("Mark what a prompt finds").fill("a person waves")
    page.get_by_role("button", name="Mark").click()
    page.get_by_text("best are on this map").wait_for()


def test_a_server_without_a_generator_says_so(browser: Any) -> None:
    with served(generator=False) as bare, opened(browser, bare) as page:
        page.goto(bare)
        for tab in ("Generate", "Blend", "Edit"):
            go(page, tab)
            page.get_by_text("This server has no generator").wait_for()


def test_a_busy_server_is_asked_again(browser: Any, home: str) -> None:
    asked = []

    def refuse_once(route: Any) -> None:
        asked.append(route.request.url)
        if len(asked) > 1:
            return route.continue_()
        refusal = '{"detail": "the queue is full"}'
        return route.fulfill(status=429, headers={"Retry-After": "1"}, body=refusal)

    with opened(browser, home, allowed="429") as page:
        page.route("**/api/search", refuse_once)
        page.goto(f"{home}/#/search?query=a+person+waves")
        page.get_by_text("The server is busy").wait_for()
        page.locator(".match").first.wait_for()
    assert len(asked) == 2


def test_a_refusal_is_told_in_the_servers_words(browser: Any, home: str) -> None:
    words = "the prompt has 900 characters; at most 300 are read"
    with opened(browser, home, allowed="422") as page:
        page.route("**/api/search", lambda route: route.fulfill(status=422, json={"detail": words}))
        page.goto(f"{home}/#/search?query=a+person+waves")
        page.get_by_role("alert").filter(has_text=words).wait_for()
        page.unroute("**/api/search")
        page.get_by_role("button", name="Try again").click()
        page.locator(".match").first.wait_for()


class _Training:
    """A generator of which a quarter is trained."""

    def told(self) -> dict[str, Any]:
        return {"share": 0.25, "failed": False}

    def close(self) -> None:
        pass


def test_panels_open_by_themselves_when_their_generator_is_there(
    browser: Any, tmp_path: Path
) -> None:
    services: list[Any] = []

    def prepare(service: Any) -> None:
        service.coming = _Training()
        services.append(service)

    with (
        served(generator=False, prepare=prepare) as address,
        opened(browser, address) as page,
    ):
        page.goto(f"{address}/#/blend")
        page.get_by_text("is being trained: 25 %").wait_for()
        services[0].generator = small_makers.motionclip(small_makers.tower(tmp_path / "tower"))
        page.get_by_role("button", name="Blend", exact=True).wait_for()
        assert page.locator(".notice").count() == 0
