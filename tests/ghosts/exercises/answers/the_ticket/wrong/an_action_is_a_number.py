"""ticket A: action should be a string, and it is a number"""

my_answer = {
    "A": ("capacity", "TCP connections", 2),
    "B": ("ghosts", "TCP connections", "deadline on uploads"),
    "C": ("both", "TCP connections", ("deadline on uploads", "more nodes")),
    "D": ("blocked workers", "blocked workers", "deadline on uploads"),
}
