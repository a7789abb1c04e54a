"""Cancel the tasks of the session in a finally"""

from ghosts.exercises.catalogue.the_finding.recorder import source

fixed = source()
fixed = fixed.replace(
    "            answer = await self.client.post(url, **options)\n",
    "            async with asyncio.timeout(10):\n                answer = await self.client.post(url, **options)\n",
)
fixed = fixed.replace(
    "except httpx.HTTPError",
    "except (httpx.HTTPError, TimeoutError)",
)
assert fixed != source()
my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": fixed}
