"""Production's figures: loaded from `data/`, validated, and the arithmetic that rests on them.

Every figure carries its source (`omi#N` is issue or pull request N of the public repository
BasedHardware/omi) and its kind. `data/README.md` explains the files. Loaders read the files
again on each call, and raise `EvidenceError` on anything that is not what the file promises.
"""

from ghosts.evidence.chunks import MIB, ChunkQueue, chunk_queue
from ghosts.evidence.fits import (
    Fit,
    LeftOut,
    OrdinaryPods,
    Regressor,
    fit,
    leave_one_out,
    ordinary_pods,
    with_memory,
)
from ghosts.evidence.records import (
    DeployCheck,
    Diagnosis,
    Event,
    Fact,
    InspectedPod,
    Kind,
    PoolQueue,
    PoolSize,
    Topic,
    Verdict,
    deploy_check,
    diagnoses,
    fact,
    facts,
    pods,
    post_deploy,
    thread_pool_queues,
    thread_pools,
    timeline,
)
from ghosts.evidence.tidy_csv import EvidenceError

__all__ = [
    "MIB",
    "ChunkQueue",
    "DeployCheck",
    "Diagnosis",
    "Event",
    "EvidenceError",
    "Fact",
    "Fit",
    "InspectedPod",
    "Kind",
    "LeftOut",
    "OrdinaryPods",
    "PoolQueue",
    "PoolSize",
    "Regressor",
    "Topic",
    "Verdict",
    "chunk_queue",
    "deploy_check",
    "diagnoses",
    "fact",
    "facts",
    "fit",
    "leave_one_out",
    "ordinary_pods",
    "pods",
    "post_deploy",
    "thread_pool_queues",
    "thread_pools",
    "timeline",
    "with_memory",
]
