my_answer = {
    "pods": ["mhjxw", "7k2lk", "8blbj", "sl5zz", "qnxrh"],
    "rule": lambda row: row["gauge"] >= row["tcp"] + 25,
}
