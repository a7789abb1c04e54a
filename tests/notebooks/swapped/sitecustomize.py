"""A mutation, in every process that Python starts with this on its path: lifecycles swap names."""

from ghosts.pusher import LIFECYCLES, gather_all, supervised

assert isinstance(LIFECYCLES, dict)
LIFECYCLES.update(gather_all=supervised, supervised=gather_all)
