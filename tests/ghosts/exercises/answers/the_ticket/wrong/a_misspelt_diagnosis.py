"""no diagnosis 'ghost'; did you mean 'ghosts'?"""

my_answer = {
    "A": ("capacity", "TCP connections", "more nodes"),
    "B": ("ghost", "TCP connections", "deadline on uploads"),
    "C": ("both", "TCP connections", ("deadline on uploads", "more nodes")),
    "D": ("blocked workers", "blocked workers", "deadline on uploads"),
}
