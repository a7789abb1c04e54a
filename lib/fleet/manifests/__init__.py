"""Reads what people have: a chart's values, and objects as ``kubectl get -o yaml`` prints them."""

from fleet.manifests.fleet import Fleet, read_fleet, read_pools

__all__ = ["Fleet", "read_fleet", "read_pools"]
