"""What a service has seen, for the test that checks it."""

import asyncio


def say(*words: object) -> None:
    """Say something: a check lists it among what nothing has handled."""
    message = " ".join(map(str, words))
    asyncio.get_running_loop().call_exception_handler({"message": message})


async def hold() -> None:
    """Wait for what never comes."""
    await asyncio.Event().wait()  # HELD
