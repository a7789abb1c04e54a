"""whatever would handle its errors is not reached"""

from ghosts.exercises.catalogue.the_finding.recorder import source

fixed = source()
fixed = fixed.replace(
    "except httpx.HTTPError as error",
    "except Exception as error",
)
assert fixed != source()
my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": fixed}
