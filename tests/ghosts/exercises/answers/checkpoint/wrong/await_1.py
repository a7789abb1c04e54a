"""await: 'the one that has waited longest': a task that never ends may just have been woken"""

my_summary = {
    "evidence": "gauge and TCP connections",
    "await": "the one that has waited longest",
    "holder": "it is reachable",
    "lifecycle": "the one after the device has left",
    "spool": "it stays on disk, and is sent again under the same id",
    "alert": "the gauge with the TCP connections, for some minutes",
    "finding": "the call that has no bound, or the wait that trusts it",
    "ticket": "when devices fill them, and not ghosts",
}
