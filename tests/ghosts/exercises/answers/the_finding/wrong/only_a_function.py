"""with line, dependency, rule and fix, and it is an async function"""


async def my_answer(session):
    await session.receive()
