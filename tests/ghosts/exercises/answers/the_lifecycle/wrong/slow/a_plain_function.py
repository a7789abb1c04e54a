"""and it is a plain function; write `async def`"""


def my_lifecycle(session):
    return session.start()
