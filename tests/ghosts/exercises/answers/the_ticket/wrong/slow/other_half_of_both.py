"""Ticket C, more nodes: in the day with it there are up to"""

my_answer = {
    "A": ("capacity", "TCP connections", "more nodes"),
    "B": ("ghosts", "TCP connections", "deadline on uploads"),
    "C": ("both", "TCP connections", "more nodes"),
    "D": ("blocked workers", "blocked workers", "deadline on uploads"),
}
