"""that returns True or False, and it is a string"""

my_answer = {
    "pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"},
    "rule": "gauge - tcp > tcp / 7 + 10",
}
