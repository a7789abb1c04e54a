"""my_answer has no part 'line'"""

my_answer = {"dependency": "storage.internal", "rule": 3, "fix": "app.py"}
