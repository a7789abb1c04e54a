"""ticket A: should be (diagnosis, measurement, action), and it is a string"""

my_answer = {
    "A": "capacity",
    "B": ("ghosts", "TCP connections", "deadline on uploads"),
    "C": ("both", "TCP connections", ("deadline on uploads", "more nodes")),
    "D": ("blocked workers", "blocked workers", "deadline on uploads"),
}
