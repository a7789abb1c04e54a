my_answer = {
    "A": ("capacity", "TCP connections", "smaller requests"),
    "B": ("ghosts", "TCP connections", ("bound the drain", "deadline on uploads")),
    "C": [
        "both",
        "TCP connections",
        ["smaller requests", "bound the drain", "deadline on uploads"],
    ],
    "D": ("blocked workers", "blocked workers", "deadline on uploads"),
}
