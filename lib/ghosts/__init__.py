"""The ghost-connections incident: the services, the replay, and what they are compared with."""
