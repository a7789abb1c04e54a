"""line should be the number of a line, and it is a string"""

my_answer = {"line": "Session.post", "dependency": "storage.internal", "rule": 3, "fix": "app.py"}
