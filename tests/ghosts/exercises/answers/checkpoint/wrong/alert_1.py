"""alert: 'memory with its limit': it fires when the pod is about to be killed, hours later"""

my_summary = {
    "evidence": "gauge and TCP connections",
    "await": "the loop whose call never returns",
    "holder": "it is reachable",
    "lifecycle": "the one after the device has left",
    "spool": "it stays on disk, and is sent again under the same id",
    "alert": "memory with its limit",
    "finding": "the call that has no bound, or the wait that trusts it",
    "ticket": "when devices fill them, and not ghosts",
}
