"""Connections of a private network to the servers that are allowed, and to no others."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Final

import pytest
from new_process import in_new_process

from ghosts.check.confinement.broker import (
    AllowedServer,
    Broker,
    BrokerEndedError,
    Link,
    allowed_server,
    connect_through,
)
from ghosts.check.confinement.private_network import enter
from ghosts.errors import GhostsError

FORKS: Final = 8
REQUESTS: Final = 25


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listening:
        yield listening


def allow(listening: socket.socket) -> AllowedServer:
    return allowed_server(f"127.0.0.1:{listening.getsockname()[1]}")


def say_hello(link: Link, host: str, port: int) -> tuple[bool, bool]:
    """Return whether the server inherits nothing of how it was connected: it blocks, no more."""
    enter()
    with connect_through(link, (host, port)) as client:
        client.sendall(b"hello")
        return client.getblocking() and os.get_blocking(client.fileno()), client.get_inheritable()


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1"])
def test_an_allowed_server_is_reached_from_a_private_network(
    host: str, server: socket.socket
) -> None:
    port = server.getsockname()[1]
    with Broker([allowed_server(f"localhost:{port}")]) as broker:
        assert in_new_process(say_hello, broker.link, host, port) == (True, False)
    connection, _ = server.accept()
    with connection:
        assert connection.recv(100) == b"hello"


def test_a_real_server_that_refuses_is_a_refused_connection() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # and does not listen
        with Broker([allow(bound)]) as broker, pytest.raises(ConnectionRefusedError):
            connect_through(broker.link, bound.getsockname())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "192.0.2.1", "db.example"])
def test_a_server_that_is_not_allowed_is_not_connected_to(host: str, server: socket.socket) -> None:
    with Broker([]) as broker, pytest.raises(PermissionError, match="is not a server of --allow"):
        connect_through(broker.link, (host, server.getsockname()[1]))
    server.setblocking(False)
    with pytest.raises(BlockingIOError):
        server.accept()


def test_the_broker_itself_refuses_whatever_a_process_asks_for(server: socket.socket) -> None:
    with Broker([]) as broker:
        forged = replace(broker.link, servers=(allow(server),))
        with pytest.raises(PermissionError):
            connect_through(forged, server.getsockname())
    server.setblocking(False)
    with pytest.raises(BlockingIOError):
        server.accept()


def test_the_addresses_of_a_name_are_tried_in_order(server: socket.socket) -> None:
    port = server.getsockname()[1]
    both = AllowedServer("db", port, ("127.0.0.2", "127.0.0.1"))
    with Broker([both]) as broker, connect_through(broker.link, ("db", port)) as client:
        assert client.getpeername() == ("127.0.0.1", port)


def ask_at_once(link: Link, ports: list[int]) -> list[int]:
    """Return the exit codes of forks that each connect to a server of their own, many times."""
    enter()
    children = []
    for port in ports:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                for _ in range(REQUESTS):
                    with connect_through(link, ("127.0.0.1", port)) as client:
                        assert client.getpeername()[1] == port
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def test_forks_that_ask_at_the_same_time_get_the_server_each_asked_for() -> None:
    with ExitStack() as stack:
        servers = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=REQUESTS))
            for _ in range(FORKS)
        ]
        broker = stack.enter_context(Broker([allow(each) for each in servers]))
        ports = [each.getsockname()[1] for each in servers]
        assert in_new_process(ask_at_once, broker.link, ports) == [0] * FORKS


def test_a_process_that_dies_after_it_has_asked_takes_no_answer_of_another(
    server: socket.socket,
) -> None:
    with Broker([allow(server)]) as broker:
        ours, theirs = socket.socketpair()
        with theirs:
            request = b"127.0.0.1 %d" % server.getsockname()[1]
            ours.close()  # what is left of the process when it is answered
            socket.send_fds(broker.link.socket, [request], [theirs.fileno()])
        with connect_through(broker.link, server.getsockname()) as client:
            assert client.getpeername() == server.getsockname()


def test_a_request_that_is_no_request_does_not_end_the_broker(server: socket.socket) -> None:
    with Broker([allow(server)]) as broker:
        broker.link.socket.send(b"no socket for the reply")
        for request in (b"\xff", b"one-word", b"127.0.0.1 99999999"):
            ours, theirs = socket.socketpair()
            with ours, theirs:
                socket.send_fds(broker.link.socket, [request], [theirs.fileno()])
        with connect_through(broker.link, server.getsockname()) as client:
            assert client.getpeername() == server.getsockname()


def test_a_broker_that_has_ended_is_an_error_of_ours_and_not_of_the_server(
    server: socket.socket,
) -> None:
    broker = Broker([allow(server)])
    link = replace(broker.link, socket=broker.link.socket.dup())
    with broker:
        pass
    with link.socket, pytest.raises(BrokerEndedError):
        connect_through(link, server.getsockname())


@pytest.mark.parametrize(
    ("text", "host", "port", "addresses"),
    [
        ("localhost:6379", "localhost", 6379, ("127.0.0.1", "::1")),
        ("Localhost:1", "localhost", 1, ("127.0.0.1", "::1")),
        ("127.0.0.1:5432", "127.0.0.1", 5432, ("127.0.0.1",)),
        ("127.8.9.1:65535", "127.8.9.1", 65535, ("127.8.9.1",)),
        ("[::1]:5432", "::1", 5432, ("::1",)),
        ("[::ffff:127.0.0.1]:80", "::ffff:127.0.0.1", 80, ("127.0.0.1",)),
    ],
)
def test_a_loopback_server_is_allowed(
    text: str, host: str, port: int, addresses: tuple[str, ...]
) -> None:
    assert allowed_server(text) == AllowedServer(host, port, addresses)


@pytest.mark.parametrize(
    "text",
    ["", "localhost", "localhost:", ":80", "localhost:0", "localhost:65536", "localhost:x", "a:-1"],
)
def test_what_is_not_a_host_and_a_port_is_said_in_one_line(text: str) -> None:
    with pytest.raises(GhostsError, match=r"^--allow .*: expected HOST:PORT, .*$"):
        allowed_server(text)


@pytest.mark.parametrize("text", ["10.0.0.1:80", "0.0.0.0:80", "[::]:80", "[fe80::1]:80"])
def test_an_address_beyond_loopback_is_not_allowed(text: str) -> None:
    with pytest.raises(GhostsError, match=r"^--allow .* is not on loopback; allowed are .*$"):
        allowed_server(text)


@pytest.mark.parametrize(
    ("addresses", "allowed"),
    [(["127.0.0.1"], True), (["::1", "127.0.0.1"], True), (["127.0.0.1", "192.0.2.1"], False)],
)
def test_a_name_is_allowed_if_all_of_its_addresses_are_on_loopback(
    addresses: list[str], allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [(0, 0, 0, "", (address, 0)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    if allowed:
        assert allowed_server("db.test:80").addresses == tuple(addresses)
    else:
        with pytest.raises(GhostsError, match=r"192\.0\.2\.1 is not on loopback"):
            allowed_server("db.test:80")


def test_a_name_that_is_not_found_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_found(*_: object, **__: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", not_found)
    with pytest.raises(GhostsError, match=r"^--allow db.test:80: there is no host 'db.test'$"):
        allowed_server("db.test:80")
