"""Found by looking at what is left."""

from ghosts.backends import Backend
from ghosts.exercises.catalogue.the_await import UID, hung_pod
from tracemalloc_ext import awaits

with hung_pod() as lab:
    lab.advance(minutes=10)
    chain = awaits(lab.tasks(UID)[1])

my_finding = {
    "task": chain.task,
    "backend": Backend.TRANSCRIPT_WEBHOOK,
    "line": chain.innermost.source,
}
