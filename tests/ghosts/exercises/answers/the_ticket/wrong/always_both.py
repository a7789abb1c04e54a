"""Ticket A is not both ghosts and capacity"""

my_answer = {
    "A": ("both", "TCP connections", ("deadline on uploads", "more nodes")),
    "B": ("both", "TCP connections", ("deadline on uploads", "more nodes")),
    "C": ("both", "TCP connections", ("deadline on uploads", "more nodes")),
    "D": ("both", "TCP connections", ("deadline on uploads", "more nodes")),
}
