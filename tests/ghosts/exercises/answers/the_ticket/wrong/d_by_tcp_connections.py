"""rules ghosts out and does not say why recordings are missing"""

my_answer = {
    "A": ("capacity", "TCP connections", "more nodes"),
    "B": ("ghosts", "TCP connections", "deadline on uploads"),
    "C": ("both", "TCP connections", ("deadline on uploads", "more nodes")),
    "D": ("blocked workers", "TCP connections", "deadline on uploads"),
}
