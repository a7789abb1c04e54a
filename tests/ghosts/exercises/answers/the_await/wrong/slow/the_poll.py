"""it sleeps until its next poll"""

my_finding = {"task": "speaker_samples", "backend": "speaker_samples", "line": "yield woken"}
