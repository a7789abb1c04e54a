"""pods is empty"""

my_answer = {"pods": set(), "rule": lambda pod: pod.gauge - pod.tcp > 20}
