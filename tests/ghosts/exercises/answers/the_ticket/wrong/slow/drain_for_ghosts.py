"""Ticket B, bound the drain: in the day with it 21,091 MiB of audio are lost"""

my_answer = {
    "A": ("capacity", "TCP connections", "more nodes"),
    "B": ("ghosts", "TCP connections", "bound the drain"),
    "C": ("both", "TCP connections", ("deadline on uploads", "more nodes")),
    "D": ("blocked workers", "blocked workers", "deadline on uploads"),
}
