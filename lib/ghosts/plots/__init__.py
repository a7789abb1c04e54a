"""Every figure of the suite: functions from a table or a recording to a figure."""

from ghosts.plots.evidence import (
    chunks_held,
    clustering,
    diagnoses,
    memory_fit,
    pods,
    regressors,
)

__all__ = ["chunks_held", "clustering", "diagnoses", "memory_fit", "pods", "regressors"]
