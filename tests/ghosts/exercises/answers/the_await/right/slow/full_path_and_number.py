"""The place of the line as an editor has it, and the backend with its module."""

from ghosts.exercises.catalogue.the_await import UID, hung_pod
from tracemalloc_ext import awaits

with hung_pod() as lab:
    frame = awaits(lab.tasks(UID)[-1]).innermost

my_finding = {
    "task": "transcripts()",
    "backend": "ghosts.backends.Backend.TRANSCRIPT_WEBHOOK",
    "line": f"{frame.filename}, line {frame.line}",
}
