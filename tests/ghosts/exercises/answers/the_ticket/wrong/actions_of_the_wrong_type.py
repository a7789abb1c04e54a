"""ticket A: action should be a string, and it is None"""

my_answer = {
    "A": ("capacity", "TCP connections", ("more nodes", None)),
    "B": ("ghosts", "TCP connections", "deadline on uploads"),
    "C": ("both", "TCP connections", ("deadline on uploads", "more nodes")),
    "D": ("blocked workers", "blocked workers", "deadline on uploads"),
}
