my_answer = {
    "pods": ("7K2LK", "8blbj", "sl5zz ", "qnxrh", "mhjxw"),
    "rule": lambda pod: abs(pod.gauge - pod.tcp) > 22,
}
