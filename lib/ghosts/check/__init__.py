"""The observation and the faults of the incident, for a WebSocket service of your own."""
