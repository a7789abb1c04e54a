"""Slow is not stuck"""

my_finding = {"task": "private_cloud", "backend": "storage", "line": "answer: T = await job.answer"}
