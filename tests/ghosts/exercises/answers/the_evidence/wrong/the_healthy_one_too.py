"""pods: p9j42 does not lie"""

my_answer = {
    "pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw", "p9j42"},
    "rule": lambda pod: pod.gauge - pod.tcp > 20,
}
