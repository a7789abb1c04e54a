"""What the player draws of stored replays: as for any run, with a choice for each parameter."""

from collections.abc import Sequence
from typing import Final

from ghosts.player.data import Json, Run, player_data
from ghosts.player.variations import Variation
from ghosts.plots.style import count

NAMES: Final = {
    "workers": "Upload workers",
    "deadline": "Deadline",
    "share": "Uploads that hang",
}


def choices_data(variations: Sequence[Variation]) -> Json:
    """Return what the player draws of stored replays, the incident's parameters first."""
    incident = variations[0]
    data = player_data(
        [Run(f"{each.parameters}", each.recording, each.parameters.workers) for each in variations]
    )
    for run, each in zip(data["runs"], variations, strict=True):
        run["parameters"] = each.parameters.fields
        run["finding"] = finding(each, incident)
    return {**data, "choices": [_choice(name, variations) for name in NAMES]}


def values_in_words(variations: Sequence[Variation]) -> list[str]:
    """Return each parameter with its stored values, in words."""
    return [
        f"{NAMES[name][0].lower()}{NAMES[name][1:]}: "
        + ", ".join(option["label"] for option in _choice(name, variations)["options"])
        for name in NAMES
    ]


def finding(variation: Variation, incident: Variation) -> str:
    """Return in a sentence how a replay went, beside the one with the incident's parameters."""
    recording = variation.recording
    text = f"{_of_workers(variation)}; {_of_ghosts(variation)}"
    if variation.parameters != incident.parameters:
        text += f", {incident.recording.last.ghosts} with the incident's parameters"
    stored = recording.audio.stored / recording.audio.received
    return f"{text}; {100 * stored:.1f} % of the audio is stored."


def _of_workers(variation: Variation) -> str:
    workers, samples = variation.parameters.workers, variation.recording.samples
    first = next((each.t for each in samples if each.workers_blocked >= workers), None)
    if first is not None:
        return f"All {workers} workers are blocked for the first time at minute {first // 60:.0f}"
    most = max(each.workers_blocked for each in samples)
    return f"At most {most} of {workers} workers are blocked" if most else "No worker is blocked"


def _of_ghosts(variation: Variation) -> str:
    samples = variation.recording.samples
    end, most = samples[-1].ghosts, max(each.ghosts for each in samples)
    at_most = f" (at most {most})" if most > end else ""
    return f"{count(end, 'ghost')} at the end{at_most}"


def _choice(name: str, variations: Sequence[Variation]) -> Json:
    """Return the stored values of a parameter, from the smallest; no deadline is the longest."""
    values = {each.parameters.fields[name] for each in variations}
    unit = {"workers": "", "deadline": "\N{NO-BREAK SPACE}s", "share": "\N{NO-BREAK SPACE}%"}[name]
    return {
        "name": name,
        "label": NAMES[name],
        "options": [
            {"value": value, "label": f"{value}{unit}" if value else "none"}
            for value in sorted(values, key=lambda value: float(value or "inf"))
        ],
    }
