"""The profile page as a person uses it: a real server, a real browser, no model."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import ipse
from tests.page_kit import (
    CHROMIUM,
    QUIET_BROWSER,
    WATCH_SHIFTS,
    Server,
    Somebody,
    Watch,
    boxes,
    picture,
    serving,
    until_something_is_written,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Route

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed; it comes with ipse[dev]")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on the PATH")
if CHROMIUM:
    expect = api.expect
    expect.set_options(timeout=15_000)

DESK = {"width": 1200, "height": 900}
SAVE = re.compile("/api/profile/paragraph")
PHONE = {"width": 360, "height": 740}
GIVEN, FAMILY = ("Nadia", "Ilse", "Tomas", "Chidi", "Aoife"), ("Haddad", "Brandt", "Oyelaran", "Quinn")
NAMES = (f"{given} {family}" for family in FAMILY for given in GIVEN)

NewSomebody = Callable[[], Somebody]
Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("page") / "home", "Maya Okafor") as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET_BROWSER)
        yield running
        running.close()


@pytest.fixture
def maya(server: Server) -> Somebody:
    """Somebody of whom nothing is known yet."""
    name = next(NAMES)
    ipse.init(str(server.home), name).store.close()
    return Somebody(server, name)


@pytest.fixture
def watch(server: Server) -> Iterator[Watch]:
    """Fails a test in which anything went wrong in the browser, or in which it spoke to anybody else."""
    watching = Watch(server.address)
    yield watching
    assert watching.faults == []
    assert watching.strangers == []


@pytest.fixture
def windows(browser: Browser, watch: Watch) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=DESK, locale="en-GB", timezone_id="UTC", reduced_motion="reduce")
    context.set_default_timeout(15_000)
    watch.over(context)
    context.add_init_script(WATCH_SHIFTS)
    yield context
    context.close()


@pytest.fixture
def page(windows: BrowserContext) -> Page:
    return windows.new_page()


def look_at(page: Page, somebody: Somebody) -> None:
    page.goto(somebody.address)
    expect(page.locator("#page")).to_be_visible()
    expect(page.locator("#sample")).not_to_be_empty()


def come_back_to(page: Page) -> None:
    """From another window."""
    with page.expect_response(re.compile("/api/profile")):
        page.evaluate("dispatchEvent(new Event('focus'))")


def says(page: Page, text: str | re.Pattern[str]) -> None:
    expect(page.locator("#status")).to_contain_text(text)


def answer(page: Page, choice: str) -> None:
    page.get_by_label(choice, exact=True).check()
    page.locator("#quiz-next").click()


def test_the_whole_story(page: Page, maya: Somebody) -> None:
    look_at(page, maya)

    # nothing is known: seven questions, one of which is passed over
    expect(page.locator("#provenance")).to_have_text("Nothing yet")
    for choice in ("A few sentences.", "Matter-of-fact, but polite.", "One thought at a time.", "Well versed."):
        answer(page, choice)
    page.locator("#quiz-next").click()
    page.get_by_label("Or in your own words").fill("bicycles")
    page.locator("#quiz-next").click()
    answer(page, "English")
    expect(page.locator("#quiz")).to_be_hidden()
    expect(page.locator("#provenance")).to_have_text("From the quiz")
    expect(page.locator("#paragraph")).to_contain_text("What you ask about most is bicycles.")
    assert "math_comfort" not in {each["dimension"] for each in maya.profile["preferences"]}

    # a nudge with the keyboard changes the sentence
    expect(page.locator("#paragraph")).to_contain_text("The tone should be matter-of-fact.")
    page.locator("#slider-tone").focus()
    page.keyboard.press("End")
    says(page, "Tone nudged towards very warm")
    assert maya.profile["nudges"] == 1, "keys that follow each other are one nudge"
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Home")
        page.keyboard.press("End")
    fresh = page.locator("#paragraph .fresh")
    expect(fresh).to_be_visible()
    assert fresh.evaluate("(sentence) => getComputedStyle(sentence).animationName") == "none", "motion is to be reduced"
    expect(page.locator("#paragraph")).not_to_contain_text("matter-of-fact")

    # the evidence behind a sentence
    page.get_by_role("button", name="What you ask about most is bicycles.").click()
    expect(page.locator("#evidence")).to_contain_text("the seven questions")
    page.get_by_role("button", name="See the chart").click()
    expect(page.locator("#chart-domain canvas")).to_be_visible()

    # own words, pinned
    before = page.locator("#paragraph").inner_text().strip()
    page.locator("#edit").click()
    expect(page.locator("#editor-text")).to_have_value(before)
    page.locator("#editor-text").fill("Be brief. Say what you don't know.")
    page.locator("#editor-save").click()
    says(page, "Saved and pinned.")
    expect(page.locator("#provenance")).to_have_text("Yours, pinned")
    expect(page.locator("#paragraph .sentence")).to_have_text(["Be brief. Say what you don't know."])

    # what was approved since is proposed, and accepted in other words
    maya.approve_warm_replies()
    come_back_to(page)
    expect(page.locator("#proposal")).to_contain_text("5 replies you approved")
    page.locator("#proposal-edit").click()
    page.locator("#editor-text").fill("But be warm.")
    page.locator("#editor-save").click()
    says(page, "Added to your paragraph.")
    expect(page.locator("#paragraph")).to_have_text("Be brief. Say what you don't know. But be warm. ")
    expect(page.locator("#proposal")).to_be_hidden()

    # an earlier one comes back, word for word
    page.locator("#history summary").click()
    expect(page.locator("#history-list li").first).to_contain_text("in force")
    expect(page.locator("#history-list ins", has_text="But be warm.")).to_be_visible()
    page.locator("#history-list li").nth(2).get_by_role("button", name="Restore").click()
    says(page, "Restored, word for word, and pinned.")
    assert maya.text == before
    page.locator("#unpin").click()
    says(page, "It evolves again.")
    expect(page.locator("#provenance")).to_have_text("From the quiz")


def test_a_proposal_is_accepted_or_dismissed_as_it_is(page: Page, maya: Somebody) -> None:
    maya.answer_quiz()
    maya.write("Be brief.")
    maya.approve_warm_replies()
    look_at(page, maya)
    (first,) = (each["sentence"] for each in maya.profile["amendments"])
    expect(page.locator("#proposal-sentence")).to_have_text(first)
    page.locator("#proposal-accept").click()
    expect(page.locator("#paragraph")).to_contain_text(f"Be brief. {first}")
    expect(page.locator("#proposal")).to_be_hidden()

    maya.approve_warm_replies()
    come_back_to(page)
    expect(page.locator("#proposal")).to_be_visible()
    expect(page.locator("#proposal-sentence")).not_to_have_text(first)
    page.locator("#proposal-dismiss").click()
    expect(page.locator("#proposal")).to_be_hidden()
    assert maya.text == f"Be brief. {first}"


def test_skipping_the_quiz_invents_nothing(page: Page, maya: Somebody) -> None:
    look_at(page, maya)
    page.locator("#quiz-skip").click()
    expect(page.locator("#paragraph")).to_contain_text("Nothing is told about you yet.")
    expect(page.locator("#preview-up")).to_be_disabled()
    assert maya.profile["preferences"] == []
    come_back_to(page)
    expect(page.locator("#quiz")).to_be_hidden()
    page.locator("#open-quiz").click()
    expect(page.locator("#quiz")).to_be_visible()


def test_the_sample_follows_the_sliders_and_a_thumb_keeps_it(page: Page, maya: Somebody) -> None:
    maya.answer_quiz()
    look_at(page, maya)
    before = page.locator("#sample").inner_text()

    # being dragged, it has not been let go: nothing is sent but the sample changes
    page.locator("#slider-length").evaluate(
        "(slider) => { slider.value = 1; slider.dispatchEvent(new Event('input')); }"
    )
    expect(page.locator("#sample")).not_to_have_text(before)
    page.locator("#preview-down").click()
    expect(page.locator("#sample")).to_have_text(before)
    expect(page.locator("#slider-length")).to_have_value("0.35")
    assert sum(each["count"] for each in maya.profile["preferences"]) == 7

    page.locator("#slider-length").evaluate(
        "(slider) => { slider.value = 1; slider.dispatchEvent(new Event('input')); }"
    )
    expect(page.locator("#sample")).not_to_have_text(before)
    page.locator("#preview-up").click()
    says(page, "answers like this one suit you")
    newest = maya.ask("GET", "dimensions/length")["points"][-1]
    assert (newest["source"], newest["value"]) == ("preview", 1.0)
    assert maya.profile["nudges"] == 0


def test_domain_language_and_about_me(page: Page, maya: Somebody) -> None:
    maya.answer_quiz()
    look_at(page, maya)
    page.locator("#domain").fill("<b>Knots</b>")
    page.keyboard.press("Enter")
    expect(page.locator("#domain-chips")).to_contain_text("<b>knots</b>")
    page.locator("#language").select_option("Portuguese")
    page.locator("#language-form button").click()
    expect(page.locator("#language-chips")).to_contain_text("Portuguese")

    page.locator("#about").fill("I sail. <img src=x onerror=alert(1)>")
    page.locator("#about-save").click()
    expect(page.locator("#paragraph")).to_contain_text("You sail. <img src=x onerror=alert(1)>")
    expect(page.locator("main img")).to_have_count(0)
    page.get_by_role("button", name="You sail.").click()
    expect(page.locator("#evidence blockquote")).to_have_text("I sail. <img src=x onerror=alert(1)>")


def write_over(page: Page, maya: Somebody, text: str) -> None:
    """Begins to edit, while another window saves something else."""
    page.locator("#edit").click()
    page.locator("#editor-text").fill(text)
    maya.write(f"Not so: {text}")
    page.locator("#editor-save").click()
    expect(page.locator("#conflict")).to_be_visible()
    expect(page.locator("#theirs")).to_have_text(f"Not so: {text}")
    expect(page.locator("#mine")).to_have_text(text)


def test_two_windows_at_once(page: Page, windows: BrowserContext, maya: Somebody, watch: Watch) -> None:
    watch.expect("409 (Conflict)")
    maya.answer_quiz()
    look_at(page, maya)
    other = windows.new_page()
    look_at(other, maya)

    page.bring_to_front()
    write_over(page, maya, "Be brief.")
    page.locator("#save-mine").click()
    says(page, "Saved and pinned.")
    assert maya.text == "Be brief."
    other.bring_to_front()
    other.evaluate("dispatchEvent(new Event('focus'))")
    expect(other.locator("#paragraph")).to_have_text("Be brief. ")

    page.bring_to_front()
    write_over(page, maya, "Be long.")
    page.locator("#keep-theirs").click()
    expect(page.locator("#paragraph")).to_have_text("Not so: Be long. ")
    expect(page.locator("#editor")).to_be_hidden()
    assert maya.text == "Not so: Be long."


def test_a_power_cut_while_saving_loses_nothing(page: Page, tmp_path: Path, watch: Watch) -> None:
    watch.expect("ERR_")
    watch.expect("409 (Conflict)")
    with serving(tmp_path / "home", "Maya Okafor") as server:
        watch.address = server.address
        maya = Somebody(server, "Maya Okafor")
        maya.answer_quiz()
        look_at(page, maya)
        cut_off_while_saving(page, maya, "Be brief. Never guess.", at_once)
        cut_off_while_saving(page, maya, "Be long. Never guess.", at_the_first_byte_written)
        cut_off_while_saving(page, maya, "Be kind. Never guess.", before_the_answer_arrives)


def at_once(page: Page, server: Server) -> None:
    with page.expect_request(SAVE):
        page.locator("#editor-save").click(no_wait_after=True)
    server.kill()


def at_the_first_byte_written(page: Page, server: Server) -> None:
    with until_something_is_written(server.home), page.expect_request(SAVE):
        page.locator("#editor-save").click(no_wait_after=True)
    server.kill()


def before_the_answer_arrives(page: Page, server: Server) -> None:
    def lose(route: Route) -> None:
        route.fetch()
        server.kill()
        route.abort("connectionreset")

    page.route(SAVE, lose, times=1)
    page.locator("#editor-save").click()
    expect(page.locator("#editor .dialog-status")).to_contain_text("can't be reached")


def cut_off_while_saving(page: Page, maya: Somebody, new: str, cut_off: Callable[[Page, Server], None]) -> None:
    old, history = maya.text, maya.ask("GET", "profile/history")["history"]
    page.locator("#edit").click()
    page.locator("#editor-text").fill(new)
    cut_off(page, maya.server)
    assert unharmed(maya.server.home)
    maya.server.start()

    assert maya.text in {old, new}
    now = {each["id"] for each in maya.ask("GET", "profile/history")["history"]}
    assert now >= {each["id"] for each in history}
    if page.locator("#editor").is_visible():
        expect(page.locator("#editor .dialog-status")).to_contain_text("can't be reached")
        expect(page.locator("#editor-text")).to_have_value(new)
        page.locator("#editor-save").click()
    says(page, "Saved and pinned.")
    expect(page.locator("#editor")).to_be_hidden()
    assert maya.text == new


def unharmed(home: Path) -> bool:
    with sqlite3.connect(home / "ipse.db") as database:
        return bool(database.execute("PRAGMA integrity_check").fetchone() == ("ok",))


def tab_to(page: Page, selector: str, most: int = 60) -> None:
    """With the Tab key alone, and what has the focus has to show it."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    raise AssertionError(f"Tab does not lead to {selector}")


def test_the_keyboard_alone(page: Page, maya: Somebody) -> None:
    look_at(page, maya)
    expect(page.locator("#quiz")).to_be_visible()
    for step in range(1, 8):
        expect(page.locator("#quiz-step")).to_have_text(f"Question {step} of 7")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
    expect(page.locator("#quiz")).to_be_hidden()
    expect(page.locator("#paragraph-card")).to_be_focused()

    tab_to(page, ".sentence")
    page.keyboard.press("Enter")
    expect(page.locator(".sentence").first).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#evidence-body")).to_contain_text("the seven questions")
    tab_to(page, "#close-evidence")
    page.keyboard.press("Escape")
    expect(page.locator("#evidence")).to_be_hidden()
    expect(page.locator(".sentence").first).to_be_focused()

    tab_to(page, "#edit")
    page.keyboard.press("Enter")
    expect(page.locator("#editor-text")).to_be_focused()
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('#editor')")
    page.keyboard.press("Escape")
    expect(page.locator("#edit")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Home")
    page.keyboard.type("Say it plainly. ")
    page.keyboard.press("Control+Enter")
    says(page, "Saved and pinned.")
    assert maya.text.startswith("Say it plainly.")

    tab_to(page, "#slider-level")
    page.keyboard.press("Home")
    says(page, "Level nudged towards beginner")
    tab_to(page, "#domain")
    page.keyboard.type("chess")
    page.keyboard.press("Enter")
    expect(page.locator("#domain-chips")).to_contain_text("chess")
    tab_to(page, "#chart-tone > summary")
    page.keyboard.press("Enter")
    expect(page.locator("#chart-tone canvas")).to_be_visible()
    tab_to(page, "#chart-tone .table > summary")
    page.keyboard.press("Enter")
    expect(page.locator("#chart-tone tbody tr")).to_have_count(1)
    tab_to(page, "#history summary")
    page.keyboard.press("Enter")
    tab_to(page, "#history-list button")
    page.keyboard.press("Enter")
    says(page, "Restored")


def test_charts_and_their_tables(page: Page, maya: Somebody) -> None:
    maya.live_through_a_year()
    maya.ask("PUT", "profile/about", {"text": "I bake bread for a living. I read on the train."})
    look_at(page, maya)
    expect(page.locator("canvas")).to_have_count(0)
    page.locator("#chart-length > summary").click()
    expect(page.locator("#chart-length canvas")).to_be_visible()
    expect(page.locator("#chart-length .moves")).to_contain_text("Moved on")
    page.locator("#chart-length .u-over").hover(position={"x": 3, "y": 50})
    expect(page.locator("#chart-length .readout")).to_contain_text("Last 20")
    page.locator("#chart-length .table summary").click()
    expect(page.locator("#chart-length tbody tr")).to_have_count(60)
    expect(page.locator("#chart-length tbody tr").first).to_contain_text("a thumb on a reply")
    page.locator("#chart-length .table summary").click()
    page.locator("#chart-domain > summary").click()
    expect(page.locator("#chart-domain .key")).to_contain_text("bicycles")
    expect(page.locator("#chart-domain canvas")).to_be_visible()
    page.mouse.move(0, 0)
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    picture(page, "desktop")
    page.locator(".sentence").first.click()
    expect(page.locator("#evidence-body")).to_contain_text("signals")
    page.mouse.move(0, 0)
    picture(page, "desktop-open", whole=True)


def test_a_phone_in_the_dark(browser: Browser, watch: Watch, maya: Somebody) -> None:
    phone = browser.new_context(viewport=PHONE, color_scheme="dark", is_mobile=True, has_touch=True, locale="en-GB")
    watch.over(phone)
    page = phone.new_page()
    look_at(page, maya)
    assert_fits(page)
    maya.live_through_a_year()
    look_at(page, maya)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 19, 17)"
    picture(page, "phone-dark")
    page.locator("#slider-tone").scroll_into_view_if_needed()
    picture(page, "phone-dark-tuning")
    page.locator(".sentence").first.click()
    for drawer in ("#chart-length", "#chart-domain", "#history"):
        page.locator(f"{drawer} > summary").click()
    page.locator("#chart-length .table summary").click()
    expect(page.locator("#chart-domain canvas")).to_be_visible()
    expect(page.locator("#history-list li").first).to_contain_text("in force")
    assert_fits(page)
    maya.write("Averylongwordthatnobodywouldeverwritebutthatmightbepastedsomehow" * 3)
    look_at(page, maya)
    assert_fits(page)
    phone.close()


def assert_fits(page: Page) -> None:
    wide, across = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= across == PHONE["width"]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_nothing_jumps(windows: BrowserContext, maya: Somebody, size: dict[str, int]) -> None:
    maya.answer_quiz()
    page = windows.new_page()
    page.set_viewport_size(size)  # type: ignore[arg-type]
    look_at(page, maya)
    places = {"tuning": ".tuning", "about": "#about-form", "charts": "#charts", "history": "#history"}
    before = boxes(page, places)
    page.evaluate("window.shifts.length = 0")

    page.locator("#slider-tone").focus()
    for key in ("End", "Home", "ArrowRight"):
        with page.expect_response(re.compile("/api/signals")):
            page.keyboard.press(key)
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    assert boxes(page, places) == before

    maya.write("You like answers short. " * 3)
    maya.approve_warm_replies()
    come_back_to(page)
    expect(page.locator("#proposal")).to_be_visible()
    assert {name: box["y"] for name, box in boxes(page, places).items()} == {
        name: box["y"] for name, box in before.items()
    }
    assert page.evaluate("window.shifts") == []


def test_whose_profile_it_is(page: Page, maya: Somebody, watch: Watch) -> None:
    watch.expect("404 (Not Found)")
    maya.answer_quiz()
    page.goto(maya.server.address)
    expect(page.locator("#page")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("#person").select_option(maya.name)
    expect(page).to_have_title(f"{maya.name} – ipse")
    expect(page.locator("#paragraph")).to_contain_text("What you ask about most is baking.")
    page.goto(f"{maya.server.address}/?person=Nobody")
    expect(page.locator("#unreachable")).to_contain_text("Nobody")
