"""Simulated time, devices, fake backends and their faults, and the test bed that joins them."""
