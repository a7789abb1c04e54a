"""The place of the line: its file and its number."""

from ghosts.exercises.catalogue.the_await import UID, hung_pod
from tracemalloc_ext import awaits

with hung_pod() as lab:
    frame = awaits(lab.tasks(UID)[-1]).innermost

my_finding = {
    "task": "transcripts",
    "backend": "transcript_webhook",
    "line": f"{frame.file}:{frame.line}",
}
