"""app.py has lines 1 to 78, and no line 610"""

my_answer = {"line": 610, "dependency": "storage.internal", "rule": 3, "fix": "app.py"}
