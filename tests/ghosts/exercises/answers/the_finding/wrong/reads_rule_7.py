"""No worker thread is occupied here"""

my_answer = {"line": 61, "dependency": "storage.internal", "rule": "rule 7", "fix": "app.py"}
