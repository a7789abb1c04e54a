"""storage is called by private_cloud, and not by the task that never returns"""

my_finding = {"task": "transcripts", "backend": "storage", "line": "return await answer.json()"}
