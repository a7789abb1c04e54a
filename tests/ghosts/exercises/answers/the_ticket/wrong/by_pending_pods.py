"""They are the same in A, B and C, and D has none"""

my_answer = {
    "A": ("capacity", "Pending pods", "more nodes"),
    "B": ("ghosts", "TCP connections", "deadline on uploads"),
    "C": ("both", "TCP connections", ("deadline on uploads", "more nodes")),
    "D": ("blocked workers", "blocked workers", "deadline on uploads"),
}
