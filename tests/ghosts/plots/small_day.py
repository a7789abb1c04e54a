"""A small day of a small fleet, for pictures of days."""

from dataclasses import replace

from fleet.day.costs import Costs
from fleet.day.day import Day, Rollout, Stall

COSTS = Costs(
    pod=450.0,
    healthy=0.5,
    stuck_per_minute=0.9,
    stuck_most=19.0,
    ghosts_per_departure=1.0,
    left_behind=0.0,
    blocks_workers=True,
    share=0.01,
)
SMALL = Day(
    name="small",
    summary="Few connections",
    seed=1,
    connections=60,
    quietest=0.5,
    busiest_hour=12,
    stay=(900, 1100),
    storing=1.0,
    share=0.01,
    start_seconds=10,
)
RESTARTED = replace(SMALL, rollouts=(Rollout(hour=7),), stalls=(Stall(pod=0, hour=9, seconds=70),))
