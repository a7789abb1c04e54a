"""no part 'pod'; did you mean 'pods'?"""

my_answer = {
    "pod": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"},
    "rule": lambda pod: pod.gauge - pod.tcp > pod.tcp / 7 + 10,
}
