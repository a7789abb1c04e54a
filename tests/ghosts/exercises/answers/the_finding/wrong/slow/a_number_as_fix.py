"""or a file with the whole service, and it is a number"""

my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": 30}
