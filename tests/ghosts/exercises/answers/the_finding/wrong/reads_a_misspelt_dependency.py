"""no dependency 'storge.internal'; did you mean 'storage.internal'?"""

my_answer = {"line": 61, "dependency": "storge.internal", "rule": 3, "fix": "app.py"}
