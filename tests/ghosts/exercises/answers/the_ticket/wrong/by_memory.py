"""It is highest in A, in a cache and without a ghost"""

my_answer = {
    "A": ("capacity", "memory", "more nodes"),
    "B": ("ghosts", "TCP connections", "deadline on uploads"),
    "C": ("both", "TCP connections", ("deadline on uploads", "more nodes")),
    "D": ("blocked workers", "blocked workers", "deadline on uploads"),
}
