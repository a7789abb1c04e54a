"""and record awaits the next line there"""

my_answer = {"line": 70, "dependency": "storage.internal", "rule": 3, "fix": "app.py"}
