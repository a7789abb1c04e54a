"""The player in a real JupyterLab: it shows, it is moved by keyboard, and it runs again."""

from collections.abc import Iterator

import axe
import pytest
from chromium import open_page
from jupyterlab_driver import Notebook, jupyterlab
from nbformat.v4 import new_code_cell, new_notebook
from notebook_form import dumps, normalise
from playwright.sync_api import Browser, Locator, expect

CELLS = (
    "from ghosts.player.widget import Player\nfrom ghosts.replay import load_scenario, replay",
    'player = Player(replay(load_scenario("smallest_ghost"), "gather_all"))',
    "player",
)
"""One device, which leaves a ghost: a replay of half a second."""
LAST = "minute 20: gauge {0}, TCP 0, {1}, {0} of 16 workers blocked"


@pytest.fixture(scope="module")
def notebook(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    folder = tmp_path_factory.mktemp("notebooks")
    one = normalise(new_notebook(cells=[new_code_cell(source) for source in CELLS]))
    (folder / "one.ipynb").write_text(dumps(one), encoding="utf-8")
    with jupyterlab(folder) as address:
        opened = Notebook(open_page(browser), address, "one.ipynb", len(CELLS))
        opened.run_all()
        yield opened


@pytest.fixture
def player(notebook: Notebook) -> Locator:
    shown = notebook.page.locator(".ghosts-player")
    expect(shown).to_have_count(1)
    shown.get_by_role("radio").first.evaluate_all("radios => radios.map(radio => radio.click())")
    shown.get_by_role("slider").press("End")
    return shown


def test_the_slider_moves_by_keyboard_and_jupyterlab_takes_no_key(
    notebook: Notebook, player: Locator
) -> None:
    state = player.locator(".state")
    expect(state).to_have_text(LAST.format(1, "1 ghost"))
    player.get_by_role("slider").focus()
    for key, minute in (("Home", 1), ("ArrowRight", 2), ("ArrowUp", 3), ("ArrowDown", 2)):
        notebook.page.keyboard.press(key)
        expect(state).to_contain_text(f"minute {minute}:")
    for command_of_jupyterlab in "abdd":
        notebook.page.keyboard.press(command_of_jupyterlab)
    expect(notebook.code).to_have_count(len(CELLS))
    expect(player.get_by_role("slider")).to_be_focused()


def test_a_run_with_a_deadline_changes_the_picture(notebook: Notebook, player: Locator) -> None:
    expect(player.locator("rect.ghost")).to_have_count(1)
    player.get_by_role("spinbutton", name="Deadline").focus()
    notebook.page.keyboard.type("30")
    notebook.page.keyboard.press("Enter")
    expect(player.get_by_role("status")).to_have_text(
        "16 workers, deadline 30 s, 100 % hang: 0 ghosts at the end"
    )
    expect(player.locator(".state")).to_have_text(LAST.format(0, "0 ghosts"))
    expect(player.locator("rect.ghost")).to_have_count(0)
    expect(player.get_by_role("progressbar")).to_be_hidden()
    expect(player.get_by_role("radio")).to_have_count(2)


def test_an_invalid_value_is_said_in_a_line(notebook: Notebook, player: Locator) -> None:
    player.get_by_role("spinbutton", name="Upload workers").fill("0")
    player.get_by_role("button", name="Run again").press("Enter")
    expect(player.get_by_role("status")).to_have_text(
        "workers: should be a whole number from 1 to 256; got 0"
    )


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_its_words_stand_out_in_either_theme(
    notebook: Notebook, player: Locator, theme: str
) -> None:
    page = notebook.page
    page.locator('.lm-MenuBar-item:has-text("Settings")').click()
    page.locator('.lm-Menu-itemLabel:text-is("Theme")').hover()
    page.locator(f'.lm-Menu-itemLabel:text-is("{theme}")').click()
    light = "true" if theme.endswith("Light") else "false"
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", light)
    assert axe.found(page, ".ghosts-player") == []
