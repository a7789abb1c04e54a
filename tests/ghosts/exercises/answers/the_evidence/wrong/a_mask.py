"""and it is a column of True and False"""

import pandas as pd

mask = pd.Series([True, True, True, True, False, True])
my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": mask}
