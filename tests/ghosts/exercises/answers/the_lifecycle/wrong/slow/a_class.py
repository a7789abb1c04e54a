"""and it is the class Lifecycle"""


class Lifecycle:
    async def __call__(self, session):
        session.gauge.inc()


my_lifecycle = Lifecycle
