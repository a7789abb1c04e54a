"""my_finding should be a dict with the keys 'task', 'backend', 'line', and it is a string"""

my_finding = "transcripts"
