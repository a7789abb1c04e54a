"""Ticket C is not a matter of ghosts alone"""

my_answer = {
    "A": ("capacity", "TCP connections", "more nodes"),
    "B": ("ghosts", "TCP connections", "deadline on uploads"),
    "C": ("ghosts", "TCP connections", "deadline on uploads"),
    "D": ("blocked workers", "blocked workers", "deadline on uploads"),
}
