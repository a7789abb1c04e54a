"""Nothing is uploaded any more: storage.internal is never called"""

from ghosts.exercises.catalogue.the_finding.recorder import source

fixed = source()
fixed = fixed.replace(
    "                await self.post(STORAGE, content=batch, timeout=None)\n",
    "",
)
assert fixed != source()
my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": fixed}
