"""Ticket A is not a matter of ghosts alone"""

my_answer = {
    "A": ("ghosts", "TCP connections", "deadline on uploads"),
    "B": ("ghosts", "TCP connections", "deadline on uploads"),
    "C": ("ghosts", "TCP connections", "deadline on uploads"),
    "D": ("ghosts", "TCP connections", "deadline on uploads"),
}
