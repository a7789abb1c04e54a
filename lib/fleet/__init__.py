"""Capacity: what fits where, how many replicas are desired, and what ghosts do to both.

The scheduler, the kubelet and the horizontal pod autoscaler as Kubernetes documents them, each a
pure function of figures or a small state; `fleet.day` has them at work for a day.
"""

from fleet.autoscaler import Autoscaler, Decision, Scaling, decide
from fleet.containers import Container, together
from fleet.deployment import Deployment
from fleet.eviction import Use, eviction_candidates, eviction_order, evictions
from fleet.manifests import Fleet, read_fleet, read_pools
from fleet.packing import Binding, Fit, Node, Pool, insufficient
from fleet.pods import PodResources, QosClass, Resources
from fleet.probes import Probe
from fleet.quantity import MIB, CapacityError, memory_bytes, millicores
from fleet.recommendation import (
    Metered,
    Reason,
    Recommendation,
    Tolerance,
    first_step_up,
    recommend,
)
from fleet.rollout import RollingUpdate, Step
from fleet.scaling import Behaviour, Change, Policy, PolicyType, Rules, Select
from fleet.targets import Source, Target
from fleet.values import BEFORE, FIRST_CUT, POOL, SECOND_CUT, load_pool, load_values

__all__ = [
    "BEFORE",
    "FIRST_CUT",
    "MIB",
    "POOL",
    "SECOND_CUT",
    "Autoscaler",
    "Behaviour",
    "Binding",
    "CapacityError",
    "Change",
    "Container",
    "Decision",
    "Deployment",
    "Fit",
    "Fleet",
    "Metered",
    "Node",
    "PodResources",
    "Policy",
    "PolicyType",
    "Pool",
    "Probe",
    "QosClass",
    "Reason",
    "Recommendation",
    "Resources",
    "RollingUpdate",
    "Rules",
    "Scaling",
    "Select",
    "Source",
    "Step",
    "Target",
    "Tolerance",
    "Use",
    "decide",
    "eviction_candidates",
    "eviction_order",
    "evictions",
    "first_step_up",
    "insufficient",
    "load_pool",
    "load_values",
    "memory_bytes",
    "millicores",
    "read_fleet",
    "read_pools",
    "recommend",
    "together",
]
