"""receive has ended with the connection"""

my_finding = {"task": "receive", "backend": "users", "line": "await x"}
