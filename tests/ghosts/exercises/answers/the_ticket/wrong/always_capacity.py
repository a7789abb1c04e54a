"""Ticket B is not a matter of capacity alone"""

my_answer = {
    "A": ("capacity", "TCP connections", "more nodes"),
    "B": ("capacity", "TCP connections", "more nodes"),
    "C": ("capacity", "TCP connections", "more nodes"),
    "D": ("capacity", "TCP connections", "more nodes"),
}
