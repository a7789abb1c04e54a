"""no action 'more node'; did you mean 'more nodes'?"""

my_answer = {
    "A": ("capacity", "TCP connections", "more node"),
    "B": ("ghosts", "TCP connections", "deadline on uploads"),
    "C": ("both", "TCP connections", ("deadline on uploads", "more nodes")),
    "D": ("blocked workers", "blocked workers", "deadline on uploads"),
}
