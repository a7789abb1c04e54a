"""the handler only waits: it is in gather()"""

my_finding = {
    "task": "handler",
    "backend": "storage",
    "line": "await asyncio.gather(*session.start())",
}
