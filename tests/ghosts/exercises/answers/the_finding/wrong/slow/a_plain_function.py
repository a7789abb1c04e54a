"""fix should be an async function of session, and it is a plain function; write `async def`"""


def my_record(session):
    return session.receive()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
