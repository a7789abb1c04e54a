"""only lets a pod grow further before it is killed"""

my_answer = {
    "A": ("capacity", "TCP connections", "more nodes"),
    "B": ("ghosts", "TCP connections", "more memory"),
    "C": ("both", "TCP connections", ("deadline on uploads", "more nodes")),
    "D": ("blocked workers", "blocked workers", "deadline on uploads"),
}
