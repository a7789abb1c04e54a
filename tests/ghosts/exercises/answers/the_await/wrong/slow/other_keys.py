"""and it is a dict with other keys"""

my_finding = {"loop": "transcripts"}
