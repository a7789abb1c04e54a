"""Judge whether the gauge was the number of handlers at each moment."""

from ghosts.exercises.catalogue.the_finding.visits import Visits, WrongGauge
from ghosts.exercises.outcome import Incorrect


def counts(visits: Visits) -> Incorrect | None:
    """Return when the gauge was not the number of handlers that were running."""
    wrong = visits.wrong_gauge
    if wrong is None:
        return None
    seen = {
        "gauge": f"{wrong.gauge:g}",
        "handlers that run": wrong.handlers,
        "connected devices": wrong.connected,
    }
    return Incorrect(_too_high(wrong) if wrong.gauge > wrong.handlers else _too_low(wrong), seen)


def _too_high(wrong: WrongGauge) -> str:
    if wrong.ended is not None:
        return (
            f"The gauge is not lowered when {wrong.ended}: the handler has ended, and it is "
            "counted still. Lower it in a finally."
        )
    return f"The gauge is raised too often: it reads {wrong.gauge:g}, and {wrong.handlers} run."


def _too_low(wrong: WrongGauge) -> str:
    if wrong.began:
        return (
            f"The gauge is not raised when a handler begins: it reads {wrong.gauge:g}, and "
            f"{wrong.handlers} run. Raise it before anything is awaited."
        )
    if wrong.ended is not None:
        too_low = wrong.handlers - wrong.gauge
        what = "lowered twice" if too_low == 1 else f"lowered by {too_low:g} too many"
        return (
            f"The gauge is {what} when {wrong.ended}: it reads {wrong.gauge:g}, and "
            f"{wrong.handlers} handlers run. A handler raises it by one, and lowers it by one."
        )
    if wrong.cancelling:
        return (
            "The gauge is lowered while tasks that were cancelled still run, and the handler "
            "awaits them: lower it after that, as the last step. If one of them did not end, no "
            "gauge would show it."
        )
    return (
        "The gauge is lowered before the handler has ended: it counts a session until then, "
        f"and here it lacks {wrong.handlers - wrong.gauge:g} whose handler still runs. A drain "
        "without an end would not be seen on it."
    )
