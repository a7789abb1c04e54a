"""It reads too high because that finally is not reached"""

my_answer = {"line": 61, "dependency": "storage.internal", "rule": 5, "fix": "app.py"}
