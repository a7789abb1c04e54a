"""from the letter of a ticket to (diagnosis, measurement, action), and it is a list"""

my_answer = ["capacity", "ghosts", "both", "blocked workers"]
