"""Ticket A, scale on CPU: in the day with it a pod serves up to 65 connections"""

my_answer = {
    "A": ("capacity", "TCP connections", "scale on CPU"),
    "B": ("ghosts", "TCP connections", "deadline on uploads"),
    "C": ("both", "TCP connections", ("deadline on uploads", "more nodes")),
    "D": ("blocked workers", "blocked workers", "deadline on uploads"),
}
