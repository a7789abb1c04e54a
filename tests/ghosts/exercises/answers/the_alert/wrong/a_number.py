"""my_alert should be {"expr": "..", "for": ".."}, or a text: a rule of Prometheus in YAML, and it is a number"""

my_alert = 5
