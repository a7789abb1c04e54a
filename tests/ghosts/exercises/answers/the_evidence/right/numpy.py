import numpy as np
import pandas as pd

from ghosts import evidence

table = pd.DataFrame(evidence.pods())


def rule(pod):
    gap = np.int64(pod["gauge"]) - pod["tcp"]
    return gap > max(20, 0.18 * pod["tcp"])


my_answer = {"pods": set(table.pod[table.gauge - table.tcp > 20]), "rule": rule}
