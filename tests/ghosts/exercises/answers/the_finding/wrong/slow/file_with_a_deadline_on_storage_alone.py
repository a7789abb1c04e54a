"""a device closes its connection, the session has not ended 130 s later"""

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
path = Path(tempfile.mkdtemp()) / "my_recorder.py"
path.write_text(fixed)
my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": path}
