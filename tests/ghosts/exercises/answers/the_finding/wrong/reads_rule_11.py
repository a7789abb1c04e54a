"""docs/rules.md has rules 1 to 10, and no rule 11"""

my_answer = {"line": 61, "dependency": "storage.internal", "rule": 11, "fix": "app.py"}
