"""fix: no file 'my_recorder.py'"""

my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": "my_recorder.py"}
