"""no measurement 'TCP'"""

my_answer = {
    "A": ("capacity", "TCP", "more nodes"),
    "B": ("ghosts", "TCP connections", "deadline on uploads"),
    "C": ("both", "TCP connections", ("deadline on uploads", "more nodes")),
    "D": ("blocked workers", "blocked workers", "deadline on uploads"),
}
