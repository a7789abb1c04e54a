"""Ticket C, deadline on uploads: in the day with it up to 2 pods are Pending"""

my_answer = {
    "A": ("capacity", "TCP connections", "more nodes"),
    "B": ("ghosts", "TCP connections", "deadline on uploads"),
    "C": ("both", "TCP connections", "deadline on uploads"),
    "D": ("blocked workers", "blocked workers", "deadline on uploads"),
}
