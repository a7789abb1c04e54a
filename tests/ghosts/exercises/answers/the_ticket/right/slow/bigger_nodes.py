my_answer = {
    "A": ("Capacity", "tcp connections", ["bigger nodes"]),
    "B": ("ghosts", "TCP connections", "deadline on uploads"),
    "C": ("both", "TCP connections", {"bigger nodes", "deadline on uploads"}),
    "d": ("blocked workers", "blocked workers", "deadline on uploads"),
}
