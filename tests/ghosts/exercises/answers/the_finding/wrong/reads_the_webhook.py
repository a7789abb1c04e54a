"""is called with a timeout of 5 s"""

my_answer = {"line": 61, "dependency": "hooks.internal", "rule": 3, "fix": "app.py"}
