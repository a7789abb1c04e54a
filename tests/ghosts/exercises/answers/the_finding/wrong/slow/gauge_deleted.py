"""nobody would see ghosts any more"""

from ghosts.exercises.catalogue.the_finding.recorder import source

fixed = source()
fixed = fixed.replace(
    'connections = Gauge("recorder_connections", "Devices that are connected")\n',
    "",
)
fixed = fixed.replace(
    "        self.gauge = connections\n",
    "",
)
fixed = fixed.replace(
    "    session.gauge.inc()\n",
    "",
)
fixed = fixed.replace(
    "        session.gauge.dec()\n",
    "        pass\n",
)
assert fixed != source()
my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": fixed}
