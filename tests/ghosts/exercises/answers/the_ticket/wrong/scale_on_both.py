"""the autoscaler reads one of them. Choose one"""

my_answer = {
    "A": ("capacity", "TCP connections", ("scale on CPU", "scale on TCP connections")),
    "B": ("ghosts", "TCP connections", "deadline on uploads"),
    "C": ("both", "TCP connections", ("deadline on uploads", "more nodes")),
    "D": ("blocked workers", "blocked workers", "deadline on uploads"),
}
