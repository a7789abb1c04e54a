import tempfile
from pathlib import Path

from ghosts.exercises.catalogue.the_finding.recorder import source

fixed = source().replace(
    "await self.post(STORAGE, content=batch, timeout=None)",
    "await asyncio.wait_for(self.post(STORAGE, content=batch, timeout=None), 20)",
)
fixed = fixed.replace("self.uploaded += len(batch)", "self.uploaded += len(batch)  # told later")
fixed = fixed.replace(
    "    async def notify",
    """    async def upload_until_gone(self):
        while self.audio or not self.gone:
            try:
                await self.upload()
            except TimeoutError:
                log.warning("an upload has taken too long")

    async def notify""",
)
fixed = fixed.replace("session.upload()", "session.upload_until_gone()")
fixed = fixed.replace(
    "            self.audio += frame\n        self.gone = True",
    "            self.audio += frame\n",
).replace(
    "        async for frame in self.websocket.iter_bytes():\n            self.audio += frame\n",
    "        try:\n            async for frame in self.websocket.iter_bytes():\n"
    "                self.audio += frame\n        finally:\n            self.gone = True\n",
)
fixed = fixed.replace(
    "                await self.post(WEBHOOK, json=news, timeout=5)",
    "                with suppress(TimeoutError):\n"
    "                    await asyncio.wait_for(self.post(WEBHOOK, json=news, timeout=5), 10)",
).replace("from contextlib import ", "from contextlib import suppress, ")
path = Path(tempfile.mkdtemp()) / "my_recorder.py"
path.write_text(fixed)
my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": path}
