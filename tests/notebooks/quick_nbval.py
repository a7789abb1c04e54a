"""A pytest plugin: nbval, without what makes it slow to start.

jsonschema checks formats with rfc3987_syntax if it is there. Its import builds 38 parsers, which
takes each process of a test run 2 s, and no schema that is used here has such a format. pytest
would load nbval before any conftest.py, so it is told not to ("-p no:nbval").
"""

import sys

sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
pytest_plugins = ["nbval.plugin"]
