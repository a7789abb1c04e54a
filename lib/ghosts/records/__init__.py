"""What goes into a replay and what comes out of it: data only."""
