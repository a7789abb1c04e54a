"""await: 'the handler in gather()': the handler waits for the loop: it is not the cause"""

my_summary = {
    "evidence": "gauge and TCP connections",
    "await": "the handler in gather()",
    "holder": "it is reachable",
    "lifecycle": "the one after the device has left",
    "spool": "it stays on disk, and is sent again under the same id",
    "alert": "the gauge with the TCP connections, for some minutes",
    "finding": "the call that has no bound, or the wait that trusts it",
    "ticket": "when devices fill them, and not ghosts",
}
