"""task should be a string, and it is an object of class Future"""

import asyncio

loop = asyncio.new_event_loop()
task = loop.create_future()
loop.close()
my_finding = {"task": task, "backend": "storage", "line": "x"}
