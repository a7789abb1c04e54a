"""The other way round."""

my_summary = {
    "ticket": "when devices fill them, and not ghosts",
    "finding": "the call that has no bound, or the wait that trusts it",
    "alert": "the gauge with the TCP connections, for some minutes",
    "spool": "it stays on disk, and is sent again under the same id",
    "lifecycle": "the one after the device has left",
    "holder": "it is reachable",
    "await": "the loop whose call never returns",
    "evidence": "gauge and TCP connections",
}
