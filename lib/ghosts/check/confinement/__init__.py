"""What keeps a checked service from the machine: its network, its files, other programs."""
