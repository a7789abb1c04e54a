"""spool: 'it is dropped after three retries': an outage is longer than three retries"""

my_summary = {
    "evidence": "gauge and TCP connections",
    "await": "the loop whose call never returns",
    "holder": "it is reachable",
    "lifecycle": "the one after the device has left",
    "spool": "it is dropped after three retries",
    "alert": "the gauge with the TCP connections, for some minutes",
    "finding": "the call that has no bound, or the wait that trusts it",
    "ticket": "when devices fill them, and not ghosts",
}
