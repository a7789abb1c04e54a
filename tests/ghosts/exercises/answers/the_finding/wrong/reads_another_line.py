"""Line 66 is not in the chain of the finding"""

my_answer = {"line": 66, "dependency": "storage.internal", "rule": 3, "fix": "app.py"}
