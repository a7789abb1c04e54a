"""Scenarios, recordings and matrix cells: data only, no runtime."""
