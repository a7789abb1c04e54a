"""Write ``environment.yml`` for conda and mamba from the pins of ``requirements.lock``."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

PYTHON = "3.12"
"""Any of 3.11 to 3.13 would do; conda wants one."""

HEAD = f"""\
# For conda and mamba; written by `make lock`, do not edit.
#
# Every distribution is pinned to the version in requirements.lock, for pip has them all.
# tracemalloc-ext is not among them: the package index has no distribution of that name, so the
# suite brings its own, lib/tracemalloc_ext, which the last line installs with the rest of lib/.
name: ghost-connections
channels:
  - conda-forge
dependencies:
  - python={PYTHON}
  - pip
  - pip:
"""


def pins(lock: str) -> list[str]:
    """Return the requirements of a lock, ``name==version`` or ``name==version ; marker``."""
    return re.findall(r"^([A-Za-z0-9][^\\\n]*?) *\\?$", lock, flags=re.MULTILINE)


def environment(lock: str) -> str:
    """Return the text of the environment file for a lock; the project itself comes last."""
    return HEAD + "".join(f'      - "{pin}"\n' for pin in [*pins(lock), "-e ."])


if __name__ == "__main__":
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    (ROOT / "environment.yml").write_text(environment(lock), encoding="utf-8")
