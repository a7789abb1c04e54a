"""no part 'fixed'"""

my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fixed": "app.py"}
