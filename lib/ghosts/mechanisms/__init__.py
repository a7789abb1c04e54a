"""Which mechanism: candidates for what started the incident, against what was observed."""
