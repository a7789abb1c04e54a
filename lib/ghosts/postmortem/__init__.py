"""A blameless postmortem from evidence and recordings, as HTML and as Markdown."""

from ghosts.postmortem.compose import Postmortem, compose
from ghosts.postmortem.incident import Incident
from ghosts.postmortem.load import IncidentError, load_incident, recordings_of, write_template
from ghosts.postmortem.write import section_as_markdown, write_postmortem

__all__ = [
    "Incident",
    "IncidentError",
    "Postmortem",
    "compose",
    "load_incident",
    "recordings_of",
    "section_as_markdown",
    "write_postmortem",
    "write_template",
]
