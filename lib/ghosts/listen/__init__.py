"""Listen: the WebSocket service that devices talk to, and that feeds the pusher.

It would run in production as it stands: it knows nothing of simulated time, devices or faults.
"""

from ghosts.listen.form import INCIDENT, PUBLISHED_FIX, TO_SHIP, Form
from ghosts.listen.lifecycles import (
    LISTEN_LIFECYCLES,
    ListenLifecycle,
    form_of,
    gather_all,
    shipped,
    supervised,
)
from ghosts.listen.server import DEVICE_PATH, Listen, serve_listen
from ghosts.listen.session import ListenSession

__all__ = [
    "DEVICE_PATH",
    "INCIDENT",
    "LISTEN_LIFECYCLES",
    "PUBLISHED_FIX",
    "TO_SHIP",
    "Form",
    "Listen",
    "ListenLifecycle",
    "ListenSession",
    "form_of",
    "gather_all",
    "serve_listen",
    "shipped",
    "supervised",
]
