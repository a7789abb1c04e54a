"""pods is empty"""

my_answer = {"pods": set(), "rule": lambda pod: pod.gauge - pod.tcp > pod.tcp / 7 + 10}
