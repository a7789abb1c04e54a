"""evidence: 'TCP connections and tasks': neither of the two is what the service counts"""

my_summary = {
    "evidence": "TCP connections and tasks",
    "await": "the loop whose call never returns",
    "holder": "it is reachable",
    "lifecycle": "the one after the device has left",
    "spool": "it stays on disk, and is sent again under the same id",
    "alert": "the gauge with the TCP connections, for some minutes",
    "finding": "the call that has no bound, or the wait that trusts it",
    "ticket": "when devices fill them, and not ghosts",
}
