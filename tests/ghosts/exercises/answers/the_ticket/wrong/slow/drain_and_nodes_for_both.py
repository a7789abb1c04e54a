"""Ticket C, more nodes and bound the drain: in the day with it 7,312 MiB of audio are lost"""

my_answer = {
    "A": ("capacity", "TCP connections", "more nodes"),
    "B": ("ghosts", "TCP connections", "deadline on uploads"),
    "C": ("both", "TCP connections", ("bound the drain", "more nodes")),
    "D": ("blocked workers", "blocked workers", "deadline on uploads"),
}
