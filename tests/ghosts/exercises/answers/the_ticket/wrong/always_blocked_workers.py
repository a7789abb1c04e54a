"""Ticket A is not only a pool of blocked workers"""

my_answer = {
    "A": ("blocked workers", "blocked workers", "deadline on uploads"),
    "B": ("blocked workers", "blocked workers", "deadline on uploads"),
    "C": ("blocked workers", "blocked workers", "deadline on uploads"),
    "D": ("blocked workers", "blocked workers", "deadline on uploads"),
}
