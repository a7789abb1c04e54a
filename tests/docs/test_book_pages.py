"""The book has every notebook and every page, once, and shows as code what they link to."""

import re

import pytest
from book_pages import CODE, LINK, PAGES, ROOT, ROOT_PAGE, contents, linked_files, prose

FOLDERS = ("data", "docs", "lib", "notebooks")
OF_A_READER = {"my_exercises", ".ipynb_checkpoints"}


def test_every_notebook_and_every_page_of_the_repository_is_in_the_book() -> None:
    on_disk = [*ROOT.glob("*.md"), *(path for name in FOLDERS for path in (ROOT / name).rglob("*"))]
    there = {
        path.relative_to(ROOT).as_posix()
        for path in on_disk
        if path.suffix in {".md", ".ipynb"} and OF_A_READER.isdisjoint(path.parts)
    }
    assert {page for page in PAGES if not page.startswith("book/")} == there


def test_the_contents_lead_to_every_page_once_and_tell_the_story_in_its_order() -> None:
    listed = re.findall(r"^(?:.* <)?/([^>\n]+)>?$", contents(), re.MULTILINE)
    assert sorted([ROOT_PAGE, *listed]) == sorted(PAGES)
    story = [page for page in listed if re.match(r"notebooks/\d", page)]
    assert story == sorted(story)
    assert listed[: len(story)] == story


def test_a_notebook_stands_in_the_contents_with_its_number_and_its_title() -> None:
    assert "\n00 Start here </notebooks/00_start_here.ipynb>\n" in contents()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_links_to_pages_and_to_files_that_the_book_shows(page: str) -> None:
    shown = {*PAGES, *linked_files(), "LICENSE"}
    path = ROOT / page
    for target, _ in LINK.findall(prose(path)):
        if target and (path.parent / target).suffix != ".png":
            assert (path.parent / target).resolve().relative_to(ROOT).as_posix() in shown


def test_no_two_files_would_be_the_same_page_of_the_book() -> None:
    names = [page.removesuffix(".md").removesuffix(".ipynb") for page in PAGES]
    names += [file.rpartition(".")[0] for file in linked_files()]
    assert len(names) == len(set(names)), sorted(CODE)
