"""spool: 'it is sent again under a new id': storage may have it already, and then has it twice"""

my_summary = {
    "evidence": "gauge and TCP connections",
    "await": "the loop whose call never returns",
    "holder": "it is reachable",
    "lifecycle": "the one after the device has left",
    "spool": "it is sent again under a new id",
    "alert": "the gauge with the TCP connections, for some minutes",
    "finding": "the call that has no bound, or the wait that trusts it",
    "ticket": "when devices fill them, and not ghosts",
}
