"""Ticket A: bound the drain is not needed"""

my_answer = {
    "A": ("capacity", "TCP connections", ("more nodes", "bound the drain")),
    "B": ("ghosts", "TCP connections", "deadline on uploads"),
    "C": ("both", "TCP connections", ("deadline on uploads", "more nodes")),
    "D": ("blocked workers", "blocked workers", "deadline on uploads"),
}
