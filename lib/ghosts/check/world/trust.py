"""Certificates made on the spot, which the TLS clients of a service are made to trust."""

import gc
import ssl
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import trustme

_LOADERS = ("load_default_certs", "load_verify_locations", "set_default_verify_paths")


def _is_public(cafile: Any = None, capath: Any = None, cadata: Any = None) -> bool:
    """Return whether what is to be loaded are the public authorities, of certifi or the system."""
    if cadata:
        return False
    certifi: Any = sys.modules.get("certifi")
    default = ssl.get_default_verify_paths()  # reads SSL_CERT_FILE and SSL_CERT_DIR
    public = {None, default.cafile, default.capath, certifi and certifi.where()}
    return {cafile and str(cafile), capath and str(capath)} <= public


class Certificates:
    """A certificate authority of this run, and the certificates of the hosts it stands in for."""

    def __init__(self) -> None:
        self._contexts: dict[str, ssl.SSLContext] = {}

    @cached_property
    def _authority(self) -> trustme.CA:
        return trustme.CA()

    def server_context(self, host: str) -> ssl.SSLContext:
        """Return the context of a server that proves to be ``host``, over HTTP/1.1."""
        if host not in self._contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._authority.issue_cert(host).configure_cert(context)
            context.set_alpn_protocols(["http/1.1"])
            # Tickets would be sent after the handshake, and cross with the first request.
            context.num_tickets = 0
            self._contexts[host] = context
        return self._contexts[host]

    @contextmanager
    def trusted(self) -> Iterator[None]:
        """Make every client context of this process trust the authority, present and future."""
        with warnings.catch_warnings():  # of what looking at an object of some library says
            warnings.simplefilter("ignore")
            present = [each for each in gc.get_objects() if type(each) is ssl.SSLContext]
        for context in present:
            self._authority.configure_trust(context)
        before = {name: getattr(ssl.SSLContext, name) for name in _LOADERS}
        pem = self._authority.cert_pem.bytes().decode()

        def trusting(name: str) -> Any:
            def load(context: ssl.SSLContext, *arguments: Any, **named: Any) -> None:
                # The public authorities take 10 ms to load, and none of their servers is reached.
                if name == "load_verify_locations" and not _is_public(*arguments, **named):
                    before[name](context, *arguments, **named)
                before["load_verify_locations"](context, cadata=pem)

            return load

        for name in before:
            setattr(ssl.SSLContext, name, trusting(name))
        try:
            yield
        finally:
            for name, original in before.items():
                setattr(ssl.SSLContext, name, original)
