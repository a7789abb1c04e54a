"""the session ends 75.5 s later"""

from ghosts.exercises.catalogue.the_finding.recorder import source

fixed = source()
for before, after in (
    (
        "            answer = await self.client.post(url, **options)\n",
        "            async with asyncio.timeout(55 if url == WEBHOOK else 20):\n"
        "                answer = await self.client.post(url, **options)\n",
    ),
    ("except httpx.HTTPError", "except (httpx.HTTPError, TimeoutError)"),
    (
        "        await asyncio.gather(session.receive(), session.upload(), session.notify())\n",
        "        async with asyncio.TaskGroup() as group:\n"
        "            for loop in session.receive, session.upload, session.notify:\n"
        "                group.create_task(loop())\n",
    ),
):
    assert before in fixed
    fixed = fixed.replace(before, after)
my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": fixed}
