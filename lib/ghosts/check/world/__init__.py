"""Everything around a checked service: its loop and clocks, its devices, what answers it."""
