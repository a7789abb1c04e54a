"""These are the pods. But how do you know?"""

my_answer = {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}
