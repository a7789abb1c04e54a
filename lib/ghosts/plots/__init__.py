"""Every figure of the suite: functions from a table or a recording to a figure."""

from ghosts.plots.alerts import alert_in_time, dashboard
from ghosts.plots.capacity import desired_pods, explained, packed_node
from ghosts.plots.cost import cost
from ghosts.plots.drains import drain_durations
from ghosts.plots.evidence import chunks_held, clustering, diagnoses, memory_fit, pods, regressors
from ghosts.plots.fleet import fleet_day, fleet_sweep, ghosts_by_uptime
from ghosts.plots.lane import Lane, lanes_of
from ghosts.plots.lanes import lanes
from ghosts.plots.left_behind import Tried, left_behind
from ghosts.plots.matrix import matrix
from ghosts.plots.mechanisms import mechanism_table, replayed_fleet
from ghosts.plots.process_memory import allocator, resident_memory
from ghosts.plots.replay import audio, gauge_against_tcp, memory, memory_per_ghost, orphans, workers
from ghosts.plots.services import both_gauges
from ghosts.plots.tasks import tasks
from ghosts.plots.timeline import Happened, Phase, timeline

__all__ = [
    "Happened",
    "Lane",
    "Phase",
    "Tried",
    "alert_in_time",
    "allocator",
    "audio",
    "both_gauges",
    "chunks_held",
    "clustering",
    "cost",
    "dashboard",
    "desired_pods",
    "diagnoses",
    "drain_durations",
    "explained",
    "fleet_day",
    "fleet_sweep",
    "gauge_against_tcp",
    "ghosts_by_uptime",
    "lanes",
    "lanes_of",
    "left_behind",
    "matrix",
    "mechanism_table",
    "memory",
    "memory_fit",
    "memory_per_ghost",
    "orphans",
    "packed_node",
    "pods",
    "regressors",
    "replayed_fleet",
    "resident_memory",
    "tasks",
    "timeline",
    "workers",
]
