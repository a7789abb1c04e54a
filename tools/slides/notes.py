"""The notes of a talk: when a slide ends, what to say at it, and the answers at hand."""

import re
from collections.abc import Iterator
from itertools import accumulate

from jinja2 import Environment, StrictUndefined, TemplateError

from slides.cells import Notebooks
from slides.source import TALKS, Slide, SlidesError, Source


class Notes:
    """All texts of `notebooks/slides.toml`, with the facts filled in; draws nothing."""

    def __init__(self, source: Source, notebooks: Notebooks) -> None:
        self._source = source
        self._notebooks = notebooks
        self._facts = {name: notebooks.fact(name, *of) for name, of in source.facts.items()}
        self._words = Environment(undefined=StrictUndefined)
        self._answers = dict(self._answered())

    def filled(self, text: str, where: str) -> str:
        """Return a text with its facts; raises SlidesError, with `where`, if one is unknown."""
        try:
            return self._words.from_string(text).render(self._facts)
        except TemplateError as error:
            raise SlidesError(f"slides.toml, {where!r}: {error}") from None

    def said(self, slide: Slide) -> str:
        """Return what to say and do while a slide is shown, as Markdown; directions in italics."""
        return self.filled(slide.notes, slide.title)

    def of(self, slide: Slide, talk: int) -> str:
        """Return all notes of a slide in a talk, as Markdown."""
        return "\n\n".join(self._paragraphs(slide, talk))

    def _paragraphs(self, slide: Slide, talk: int) -> Iterator[str]:
        first, *_, last = self._source.slides
        if slide is first:
            yield self._source.before_the_talk
        yield self._times(slide, talk)
        yield self.said(slide)
        for name in self._answers if slide is last else slide.asked:
            yield f"If asked: {self._answers[name]}"

    def _times(self, slide: Slide, talk: int) -> str:
        slides = self._source.slides_of(talk)
        ends = accumulate(each.minutes[talk] for each in slides)
        end = next(end for each, end in zip(slides, ends, strict=True) if each is slide)
        times = f"**{clock(slide.minutes[talk])}**, until **{clock(end)}**"
        if slide.minutes.keys() == set(TALKS):
            return times
        return f"{times}. The short talk has no such slide: skip it if you are late."

    def _answered(self) -> Iterator[tuple[str, str]]:
        """Yield each question, its answer, and where the notebooks have more of it."""
        table = self._source.questions_in
        places = {
            question: re.sub("^here", f"`{self._notebooks.name(table)}`", place)
            for question, place in self._notebooks.places(table).items()
        }
        answered = {question.question for question in self._source.questions.values()}
        for one in sorted(places.keys() ^ answered):
            raise SlidesError(
                f"question {one!r} is not both in slides.toml and in the table of {table}"
            )
        for name, question in self._source.questions.items():
            answer = self.filled(question.answer, name).strip()
            yield name, f"**{question.question}** {answer} (More: {places[question.question]}.)"


def clock(seconds: int) -> str:
    """Return seconds as a presenter reads them: ``1:30``."""
    return f"{seconds // 60}:{seconds % 60:02}"
