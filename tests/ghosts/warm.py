"""What a check imports, imported once: by a process whose forks are the checks of the tests."""

import gc
import importlib

for name in (
    "anyio._backends._asyncio",
    "fastapi",
    "ghosts.check.process",
    "httpx",
    "prometheus_client",
    "starlette.applications",
    "trustme",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
    "websockets.asyncio.server",
):
    importlib.import_module(name)

# Each cell collects garbage and looks at every object, but not at those that are there by now.
gc.collect()
gc.freeze()
