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
fixed = fixed.replace(
    "            self.audio += frame\n        self.gone = True",
    "            self.audio += frame\n",
).replace(
    "        async for frame in self.websocket.iter_bytes():\n            self.audio += frame\n",
    "        try:\n            async for frame in self.websocket.iter_bytes():\n"
    "                self.audio += frame\n        finally:\n            self.gone = True\n",
)
assert fixed != source()
my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": fixed}
