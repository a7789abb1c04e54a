"""the import of the file does not come to its end"""

from ghosts.exercises.catalogue.the_finding.recorder import source

fixed = source() + "\nwhile True:\n    pass\n"
my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": fixed}
