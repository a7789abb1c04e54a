"""the finding names it in its last lines"""

my_answer = {"line": 61, "dependency": "storage.internal", "rule": "ghosts", "fix": "app.py"}
