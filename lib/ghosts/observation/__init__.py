"""Observation of sessions from outside the services. It has no side effect on them."""
