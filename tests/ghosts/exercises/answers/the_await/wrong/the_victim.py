"""the handler is the victim"""

my_finding = {
    "task": "handler",
    "backend": "storage",
    "line": "await asyncio.gather(*session.start())",
}
