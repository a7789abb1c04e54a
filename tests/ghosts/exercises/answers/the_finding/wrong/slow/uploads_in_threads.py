"""The upload occupies a worker thread now"""

from ghosts.exercises.catalogue.the_finding.recorder import source

fixed = source()
fixed = fixed.replace(
    "                await self.post(STORAGE, content=batch, timeout=None)\n",
    "                await asyncio.to_thread(httpx.post, STORAGE, content=batch, timeout=None)\n",
)
assert fixed != source()
my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": fixed}
