"""Capacity: what fits where, what the autoscaler asks for, and what ghosts do to both.

The scheduler, the kubelet and the horizontal pod autoscaler as Kubernetes documents them, each a
pure function of figures or a small state; `ghosts.capacity.fleet` has them at work for a day.
"""

from ghosts.capacity.autoscaler import Autoscaler, Decision, Scaling, decide
from ghosts.capacity.eviction import Use, eviction_candidates, eviction_order, evictions
from ghosts.capacity.packing import Binding, Fit, Node, Pool, insufficient
from ghosts.capacity.pods import PodResources, QosClass, Resources
from ghosts.capacity.probes import Probe
from ghosts.capacity.quantity import MIB, CapacityError, memory_bytes, millicores
from ghosts.capacity.recommendation import (
    Metered,
    Reason,
    Recommendation,
    first_step_up,
    recommend,
)
from ghosts.capacity.rollout import RollingUpdate, Step
from ghosts.capacity.scaling import Behaviour, Change, Policy, PolicyType, Rules, Select
from ghosts.capacity.values import (
    BEFORE,
    FIRST_CUT,
    POOL,
    SECOND_CUT,
    Deployment,
    load_pool,
    load_values,
)

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
    "Decision",
    "Deployment",
    "Fit",
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
    "Step",
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
    "recommend",
]
