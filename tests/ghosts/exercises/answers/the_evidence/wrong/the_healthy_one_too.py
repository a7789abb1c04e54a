"""pods: p9j42 has no ghosts"""

my_answer = {
    "pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw", "p9j42"},
    "rule": lambda pod: pod.gauge - pod.tcp > pod.tcp / 7 + 10,
}
