"""The whole line of print(awaits(task)), and the name of the backend as a picture writes it."""

from ghosts.exercises.catalogue.the_await import UID, hung_pod
from tracemalloc_ext import awaits

with hung_pod() as lab:
    frame = awaits(lab.tasks(UID)[-1]).innermost

my_finding = {"task": "transcripts", "backend": "transcript webhook", "line": f"  {frame}\n"}
