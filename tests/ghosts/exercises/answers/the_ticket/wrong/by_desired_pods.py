"""The autoscaler desires what the gauge says, right or wrong"""

my_answer = {
    "A": ("capacity", "TCP connections", "more nodes"),
    "B": ("ghosts", "desired pods", "deadline on uploads"),
    "C": ("both", "TCP connections", ("deadline on uploads", "more nodes")),
    "D": ("blocked workers", "blocked workers", "deadline on uploads"),
}
