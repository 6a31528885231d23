"""The page in a browser: a prompt finds clips, they play, and they can be looked at closely."""

from collections.abc import Iterator
from typing import Any

import pytest
from browser import LOOK, look, opened, wait_for_change
from page_service import served

DRAWN = """canvas => {
    const dots = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    return dots.some((value, at) => at % 4 === 3 && value > 250);
}"""
"""Whether a card's canvas shows a figure: something that hides what is behind it."""


STAGE = ".player canvas.stage"


@pytest.fixture(scope="module")
def home() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture
def page(browser: Any, home: str) -> Iterator[Any]:
    with opened(browser, home) as page:
        page.goto(home)
        page.locator(".card").first.wait_for()
        yield page


def ask(page: Any, words: str) -> None:
    page.get_by_role("searchbox", name="Describe a movement").fill(words)
    page.keyboard.press("Enter")
    page.locator(".match").first.wait_for()


def wait_until_drawn(page: Any, selector: str = ".card canvas") -> None:
    page.wait_for_function(f"() => ({DRAWN})(document.querySelector('{selector}'))")


def stop_at_the_start(page: Any) -> None:
    """Seeking stops the clock; the camera needs a moment to come to rest."""
    page.locator(".player .scrub").evaluate(
        "node => { node.value = 0; node.dispatchEvent(new Event('input')); }"
    )
    page.wait_for_function("() => document.querySelector('.clock').value.startsWith('0.00')")
    page.wait_for_timeout(1000)


def open_player(page: Any) -> None:
    page.locator(".card").first.click()
    page.locator("dialog.player[open]").wait_for()
    page.wait_for_function("() => document.querySelector('.player .clock').value.includes('/')")


def test_the_library_is_there_before_anything_is_asked(page: Any) -> None:
    assert "The library" in page.locator(".summary").inner_text()
    wait_until_drawn(page)


def test_a_prompt_finds_clips_that_play(page: Any) -> None:
    page.emulate_media(reduced_motion="no-preference")
    ask(page, "a person waves")
    wait_until_drawn(page)
    assert "best first" in page.locator(".summary").inner_text()
    wait_for_change(page, ".card canvas")


def test_scores_fall_from_card_to_card(page: Any) -> None:
    ask(page, "someone kicks a ball")
    shown = [float(text) for text in page.locator(".match").all_inner_texts()]
    assert len(shown) > 3
    assert shown == sorted(shown, reverse=True)


def test_an_example_is_a_search_with_an_address_to_share(page: Any, home: str) -> None:
    page.locator(".hero .chip").first.click()
    page.locator(".match").first.wait_for()
    words = page.locator(".hero .chip").first.inner_text()
    assert page.get_by_role("searchbox").first.input_value() == words
    page.reload()
    page.locator(".match").first.wait_for()
    assert page.get_by_role("searchbox").first.input_value() == words
    page.go_back()
    page.get_by_text("The library ·").wait_for()


def test_a_label_narrows_what_is_shown(page: Any) -> None:
    page.get_by_role("button", name="Filters").click()
    label = page.get_by_label("Label")
    label.select_option(index=1)
    page.wait_for_function("() => !document.querySelector('[aria-busy]')")
    name = label.input_value().replace("_", " ")
    facts = page.locator(".card .facts > span:first-child").all_inner_texts()
    assert facts
    assert all(fact.startswith(name) for fact in facts)


def test_more_of_the_library_is_shown_when_asked_for(page: Any) -> None:
    before = page.locator(".card").count()
    page.get_by_role("button", name="Show more").click()
    page.wait_for_function(f"() => document.querySelectorAll('.card').length > {before}")


def test_a_click_opens_the_player_and_it_plays(page: Any) -> None:
    ask(page, "a person waves")
    open_player(page)
    wait_for_change(page, STAGE)


def test_a_stopped_player_stands_still_and_steps_by_frames(page: Any) -> None:
    open_player(page)
    stop_at_the_start(page)
    still = look(page, STAGE)
    page.wait_for_timeout(500)
    assert look(page, STAGE) == still
    page.locator(STAGE).press("ArrowRight")
    page.wait_for_function("() => document.querySelector('.clock').value.startsWith('0.05')")


def test_trails_and_camera_change_the_picture(page: Any) -> None:
    open_player(page)
    stop_at_the_start(page)
    for button in ("Trails", "Side", "Top"):
        before = look(page, STAGE)
        page.get_by_role("button", name=button, exact=True).click()
        page.wait_for_function(
            f"async before => await ({LOOK})(document.querySelector('{STAGE}')) !== before",
            arg=before,
        )


def test_two_clips_are_compared_side_by_side(page: Any) -> None:
    open_player(page)
    page.get_by_role("button", name="Compare…").click()
    page.locator("dialog.chooser .card").nth(1).click()
    page.locator(".player .names span").nth(1).wait_for()
    page.get_by_role("button", name="Stop comparing").click()
    page.get_by_role("button", name="Compare…").wait_for()
    assert page.locator(".player .names span").count() == 0


def test_similar_clips_are_found_from_the_player(page: Any) -> None:
    open_player(page)
    title = page.locator(".player h2").inner_text()
    page.get_by_role("button", name="Find similar").click()
    page.locator(".match").first.wait_for()
    assert title in page.locator(".like").inner_text()


def test_the_keyboard_is_enough(page: Any) -> None:
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.type") == "search"
    first, second = (page.locator(".card").nth(at) for at in (0, 1))
    first.focus()
    page.keyboard.press("ArrowRight")
    assert second.evaluate("node => node === document.activeElement")
    page.keyboard.press("Enter")
    page.locator("dialog.player[open]").wait_for()
    assert second.get_attribute("title") == page.locator(".player h2").inner_text()
    page.keyboard.press("Escape")
    page.locator("dialog.player[open]").wait_for(state="hidden")


def test_light_and_dark(page: Any) -> None:
    def paper() -> str:
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    light = paper()
    page.get_by_role("button", name="Use dark colours").click()
    dark = paper()
    assert dark != light
    page.reload()
    page.locator(".card").first.wait_for()
    assert paper() == dark


def test_a_phone_shows_all_without_scrolling_sideways(browser: Any, home: str) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    with opened(browser, home, **phone) as page:
        for panel in ("search", "generate", "blend", "edit", "probe", "map"):
            page.goto(f"{home}/#/{panel}")
            page.locator("main h1, main input").first.wait_for()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), panel
        page.goto(f"{home}/#/search")
        page.locator(".card").first.tap()
        page.locator("dialog.player[open]").wait_for()


def test_who_asks_for_stillness_sees_cards_stand_still(page: Any) -> None:
    wait_until_drawn(page)
    still = look(page, ".card canvas")
    page.wait_for_timeout(1000)
    assert look(page, ".card canvas") == still


def test_a_system_in_the_dark_gets_a_dark_page(browser: Any, home: str) -> None:
    with opened(browser, home, color_scheme="dark") as page:
        page.goto(home)
        page.locator(".card").first.wait_for()
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
