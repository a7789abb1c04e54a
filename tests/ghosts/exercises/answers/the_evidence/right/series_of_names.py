import pandas as pd


class Rule:
    def __call__(self, pod):
        return pod.gauge - pod.tcp > 12 + pod.tcp / 7


my_answer = {"pods": pd.Series(["7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"]), "rule": Rule()}
