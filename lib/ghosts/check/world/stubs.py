"""What a user has written to answer in place of dependencies."""

from typing import Final

from ghosts.check.service import Service, ServiceError, load, required_arguments

_ARGUMENTS: Final = (2, 3)
"""A stream reader and a stream writer, or the scope, receive and send of ASGI."""


def load_stubs(service: Service) -> None:
    """Import each stub of a service, so that the forks of this process have it.

    Raises:
        ServiceError: one cannot be imported, or is none that can answer.
    """
    for host, stub in service.stubs.items():
        try:
            answers = load(stub, service.app_dir)
        except ServiceError as error:
            raise ServiceError(f"--stub {host}={stub}: {error}") from None
        if not callable(answers) or required_arguments(answers) not in _ARGUMENTS:
            raise ServiceError(
                f"--stub {host}={stub}: write an ASGI application, or a coroutine function of a "
                "stream reader and a stream writer"
            )
