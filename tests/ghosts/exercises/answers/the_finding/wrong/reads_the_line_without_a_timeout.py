"""and Session.upload awaits the next line there"""

my_answer = {"line": "app.py:49", "dependency": "storage.internal", "rule": 3, "fix": "app.py"}
