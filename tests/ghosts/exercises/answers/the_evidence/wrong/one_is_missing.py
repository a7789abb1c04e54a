"""pods: qnxrh is missing. 57 of the connections"""

my_answer = {
    "pods": {"7k2lk", "8blbj", "sl5zz", "mhjxw"},
    "rule": lambda pod: pod.gauge - pod.tcp > pod.tcp / 7 + 10,
}
