"""Audio is uploaded more than once"""

from ghosts.exercises.catalogue.the_finding.recorder import source

fixed = source()
fixed = fixed.replace(
    "                await self.post(STORAGE, content=batch, timeout=None)\n",
    "                await self.post(STORAGE, content=batch, timeout=None)\n                await self.post(STORAGE, content=batch, timeout=10)\n",
)
assert fixed != source()
my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": fixed}
