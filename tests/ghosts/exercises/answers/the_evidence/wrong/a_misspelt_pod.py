"""no pod '7kl2k'; did you mean '7k2lk'?"""

my_answer = {
    "pods": {"7kl2k", "8blbj", "sl5zz", "qnxrh", "mhjxw"},
    "rule": lambda pod: pod.gauge - pod.tcp > pod.tcp / 7 + 10,
}
