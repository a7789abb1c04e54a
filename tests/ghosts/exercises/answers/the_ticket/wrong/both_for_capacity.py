"""Ticket C is not a matter of capacity alone"""

my_answer = {
    "A": ("capacity", "TCP connections", "more nodes"),
    "B": ("ghosts", "TCP connections", "deadline on uploads"),
    "C": ("capacity", "TCP connections", "more nodes"),
    "D": ("blocked workers", "blocked workers", "deadline on uploads"),
}
