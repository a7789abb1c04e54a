"""Runs in a kernel, as a cell: counts the threads, tasks, sockets and processes that are there.

Its own names are gone again when it ends. Nothing is collected first: a pending task that nobody
reaches any more is a leftover too, and a warning on some later cell's stderr.
"""


def _count() -> None:
    import _asyncio
    import asyncio
    import collections
    import gc
    import json
    import re
    import threading

    import psutil
    from ipykernel.connect import get_connection_info

    found: collections.Counter[str] = collections.Counter()
    for thread in threading.enumerate():
        if type(thread).__module__.startswith("zmq."):
            continue  # zmq starts one when an output is large
        found[f"thread {re.sub(r'[0-9]+', 'N', thread.name)}"] += 1

    task_types = (asyncio.Task, _asyncio.Task)  # nest_asyncio swaps the first for another
    for thing in gc.get_objects():
        if issubclass(type(thing), task_types) and not thing.done():
            frame = getattr(thing.get_coro(), "cr_frame", None)
            if frame and frame.f_globals["__name__"].startswith("ipykernel."):
                continue  # started when the kernel gets to it, so no baseline is sure to have it
            found[f"pending task {thing.get_coro().__qualname__}"] += 1

    process = psutil.Process()
    info = get_connection_info(unpack=True)
    ports = {port for name, port in info.items() if name.endswith("_port")}
    for socket in process.net_connections("all"):
        ends = [end.port for end in (socket.laddr, socket.raddr) if isinstance(end, tuple) and end]
        if ports.isdisjoint(ends) and not str(socket.laddr).startswith(info["ip"]):
            found[f"socket {socket.family.name} {socket.status}"] += 1
    for child in process.children():
        if "multiprocessing.resource_tracker" in " ".join(child.cmdline()):
            continue  # the standard library keeps one for as long as the process lives
        found[f"process {child.name()}"] += 1
    print(json.dumps(found))


try:
    _count()
finally:
    del _count
