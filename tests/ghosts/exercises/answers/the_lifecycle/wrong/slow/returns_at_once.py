"""the lifecycle returned at once"""


async def my_lifecycle(session):
    return
