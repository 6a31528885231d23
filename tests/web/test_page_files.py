"""Files that the page gives and takes: what is downloaded opens in our readers and in three.js."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import opened
from moving_bodies import wandering
from page_service import served

from moclip import formats

MOMENTS = 10
JOINTS = """async ([id, moments]) => {
    const api = await import("./api.js");
    const { Exported } = await import("./scene/exported.js");
    const [motion, skeleton, glb] = await Promise.all([
        api.motion(id), api.skeleton(), Exported.of(id)]);
    return moments.map(share => {
        const frame = Math.round(share * (motion.frames - 1));
        const first = 3 * frame * motion.joints;
        const ours = motion.data.slice(first, first + 3 * motion.joints);
        return [Array.from(ours), glb.joints(frame / motion.fps, skeleton.joints).flat()];
    });
}"""
"""Joints of the clip and of its GLB file, as three.js plays it, in a few moments."""


@pytest.fixture(scope="module")
def home() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture
def page(browser: Any, home: str) -> Iterator[Any]:
    with opened(browser, home, accept_downloads=True) as page:
        page.goto(home)
        page.locator(".card").first.wait_for()
        yield page


def joints_of(page: Any, clip: str) -> np.ndarray:
    """What the page plays, (frame, joint, 3)."""
    code = """async id => {
        const { motion } = await import("./api.js");
        const { data, frames, joints } = await motion(id);
        return [Array.from(data), frames, joints];
    }"""
    data, frames, joints = page.evaluate(code, clip)
    return np.array(data).reshape(frames, joints, 3)


def test_a_glb_file_plays_alike_in_three_js(page: Any) -> None:
    clip = page.locator(".card").first.get_attribute("data-clip")
    moments = [at / (MOMENTS - 1) for at in range(MOMENTS)]
    played = page.evaluate(JOINTS, [clip, moments])
    assert len(played) == MOMENTS
    for ours, theirs in played:
        np.testing.assert_allclose(theirs, ours, atol=1e-3)  # a millimetre


def test_downloads_open_in_our_readers(page: Any, tmp_path: Path) -> None:
    card = page.locator(".card").first
    played = joints_of(page, card.get_attribute("data-clip"))
    card.click()
    page.locator("dialog.player .download").first.wait_for()
    offered = [link.get_attribute("data-format") for link in page.locator(".download").all()]
    assert {"bvh", "glb", "npz"} <= set(offered)
    for suffix in offered:
        with page.expect_download() as waiting:
            page.locator(f".player .download[data-format={suffix}]").click()
        path = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(path)
        assert path.suffix == f".{suffix}"
        assert path.stat().st_size > 0
        if path.suffix in formats.suffixes(written=True):
            motion = formats.read(path)
            assert len(motion) == len(played)


def test_a_bvh_download_holds_what_the_page_plays(page: Any, tmp_path: Path) -> None:
    card = page.locator(".card").first
    played = joints_of(page, card.get_attribute("data-clip"))
    card.click()
    with page.expect_download() as waiting:
        page.locator(".player .download[data-format=bvh]").click()
    path = tmp_path / "clip.bvh"
    waiting.value.save_as(path)
    read = formats.read(path)
    order = [read.skeleton.joint_names.index(name) for name in page_names(page)]
    np.testing.assert_allclose(read.joints.numpy()[:, order], played, atol=1e-3)


def page_names(page: Any) -> list[str]:
    return page.evaluate("async () => (await (await import('./api.js')).skeleton()).joints")


def test_the_player_shows_the_glb_file_itself(page: Any) -> None:
    page.locator(".card").first.click()
    page.wait_for_function("() => document.querySelector('.player .clock')?.value.includes('/')")
    with page.expect_response(lambda answer: answer.url.endswith(".glb")) as waiting:
        page.get_by_role("button", name="As GLB").click()
    assert waiting.value.ok
    assert page.get_by_role("button", name="As GLB").get_attribute("aria-pressed") == "true"


def test_a_file_of_ones_own_finds_clips_like_it(page: Any, tmp_path: Path) -> None:
    path = tmp_path / "mine.bvh"
    formats.write(wandering(), path)
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_text("Clips like your file").wait_for()
    page.locator(".match").first.wait_for()
    assert page.locator(".card").count() > 3


def test_a_file_too_large_is_refused_before_it_is_sent(page: Any, tmp_path: Path) -> None:
    path = tmp_path / "large.bvh"
    code = "async () => (await (await import('./api.js')).health()).limits.upload"
    path.write_bytes(b" " * (page.evaluate(code) + 1))
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("alert").filter(has_text="at most").wait_for()


@pytest.fixture
def doubting(browser: Any, home: str) -> Iterator[Any]:
    """A page whose uploads are refused, which Chromium tells its console."""
    with opened(browser, home, allowed="422") as page:
        page.goto(f"{home}/#/search")
        page.locator(".card").first.wait_for()
        yield page


def refuse(page: Any, folder: Path) -> None:
    """Gives a file that no reader takes, and waits for the answer."""
    path = folder / "broken.bvh"
    path.write_text("junk")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("alert").filter(has_text="broken.bvh").wait_for()


@pytest.mark.parametrize("way", ["Search tab", "Search button", "start of the page"])
def test_after_a_refused_file_the_library_can_be_seen(
    doubting: Any, tmp_path: Path, way: str
) -> None:
    """The address is the same before and after."""
    refuse(doubting, tmp_path)
    if way == "Search tab":
        doubting.get_by_role("tab", name="Search").click()
    elif way == "Search button":
        doubting.get_by_role("button", name="Search", exact=True).click()
    else:
        doubting.locator(".brand").click()
    doubting.get_by_text("The library ·").wait_for()
    doubting.locator(".card").first.wait_for()


def test_after_a_refused_file_the_same_words_are_asked_again(doubting: Any, tmp_path: Path) -> None:
    field = doubting.get_by_role("searchbox", name="Describe a movement")
    field.fill("a person waves")
    field.press("Enter")
    doubting.locator(".match").first.wait_for()
    refuse(doubting, tmp_path)
    field.press("Enter")
    doubting.locator(".match").first.wait_for()


def drop(page: Any, selector: str, path: Path) -> None:
    code = """([name, text]) => {
        const data = new DataTransfer();
        data.items.add(new File([text], name));
        return data;
    }"""
    data = page.evaluate_handle(code, [path.name, path.read_text()])
    for event in ("dragover", "drop"):
        page.dispatch_event(selector, event, {"dataTransfer": data})
    assert page.locator(".dropping").count() == 0


@pytest.mark.parametrize("place", [".search .hero", "header", "body"])
def test_a_file_may_be_dropped_anywhere(page: Any, tmp_path: Path, place: str) -> None:
    path = tmp_path / "mine.bvh"
    formats.write(wandering(), path)
    drop(page, place, path)
    page.get_by_text("Clips like your file").wait_for()


def test_a_file_dropped_on_another_panel_goes_to_the_search(page: Any, tmp_path: Path) -> None:
    path = tmp_path / "mine.bvh"
    formats.write(wandering(), path)
    page.get_by_role("tab", name="Map").click()
    page.locator("canvas.plane").wait_for()
    drop(page, "canvas.plane", path)
    page.get_by_text("Clips like your file").wait_for()
    assert page.get_by_role("tab", name="Search").get_attribute("aria-selected") == "true"
    page.locator(".card").first.click()
    drop(page, "dialog.player[open]", path)
    page.locator("dialog.player[open]").wait_for(state="hidden")
    page.get_by_text("Clips like your file").wait_for()


def test_a_file_that_is_refused_after_a_drop_is_told(doubting: Any, tmp_path: Path) -> None:
    path = tmp_path / "broken.bvh"
    path.write_text("junk")
    doubting.get_by_role("tab", name="Probe").click()
    doubting.get_by_label("Your own attack").wait_for()
    drop(doubting, "main", path)
    told = doubting.get_by_role("alert").filter(has_text="broken.bvh")
    told.wait_for()
    doubting.wait_for_timeout(1000)
    assert told.count() == 1


def test_words_are_dropped_where_they_are_meant_to(page: Any) -> None:
    """Only files are taken from the browser."""
    code = """() => {
        const data = new DataTransfer();
        data.setData("text/plain", "a person waves");
        const about = { bubbles: true, cancelable: true, dataTransfer: data };
        const field = document.querySelector("input[type=search]");
        return field.dispatchEvent(new DragEvent("drop", about));
    }"""
    assert page.evaluate(code)
