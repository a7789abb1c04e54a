"""The pictures of the evidence: from the records of `ghosts.evidence` to figures."""

import datetime as dt
import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes

from ghosts import evidence
from ghosts.evidence import (
    ChunkQueue,
    Diagnosis,
    Fact,
    Fit,
    InspectedPod,
    LeftOut,
    OrdinaryPods,
    Regressor,
    Verdict,
)
from ghosts.plots.style import (
    FAINT,
    GAUGE,
    GHOSTS,
    INK,
    MEMORY,
    STORED,
    TCP,
    TEXT_SIZE,
    Figure,
    figure,
    finding,
    label_line_end,
    legible,
    mib_axis,
    write,
)

_VERDICT_COLOR = {
    Verdict.REFUTED: GAUGE.color,
    Verdict.UNFINISHED: FAINT,
    Verdict.HELD: MEMORY.color,
}
_COUNTS = {
    "ghosts": "ghosts on the pod",
    "gauge": "connections on the pod's gauge",
    "tcp": "TCP connections of the pod",
}


def pods(pods: Sequence[InspectedPod]) -> Figure:
    """Draw each pod's gauge and TCP connections; the ghosts are what lies between them."""
    order = sorted(pods, key=lambda pod: pod.gauge)
    rows = range(len(order))
    tcp, gauge = [pod.tcp for pod in order], [pod.gauge for pod in order]
    fig, (ax,) = figure(height=0.75 * len(order) + 1.6)
    ax.barh(rows, tcp, height=0.55, label="TCP", **(TCP.area | {"alpha": 1.0}))
    ax.barh(
        rows, [pod.ghosts for pod in order], left=tcp, height=0.55, label="ghosts", **GHOSTS.area
    )
    ax.plot(gauge, rows, **{**GAUGE.points, "marker": "|", "markersize": 38}, mew=4, label="gauge")
    for row, pod in zip(rows, order, strict=True):
        _name_pod(ax, row, pod, spell_out=pod is order[-1])
    ax.set_yticks(rows, [f"{pod.pod}\n{pod.date:%d %b}" for pod in order])
    ax.set_xlim(0, 1.18 * max(gauge))
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("connections")
    total, real = sum(gauge), sum(tcp)
    finding(
        ax,
        f"{total} connections on the gauges, {real} in the kernel: {total - real} are ghosts",
    )
    fig.details = [
        f"Pod {pod.pod}, {pod.date:%d %b}: {pod.gauge} on the gauge, {pod.tcp} TCP, "
        f"{pod.ghosts} ghosts"
        for pod in reversed(order)
    ]
    return fig


def _name_pod(ax: Axes, row: float, pod: InspectedPod, *, spell_out: bool) -> None:
    """Write a pod's three counts into its bar; the topmost bar says what they are."""
    tcp, ghosts, gauge = ("TCP ", " ghosts", " on the gauge") if spell_out else ("", "", "")
    if pod.ghosts:
        middle = pod.tcp + pod.ghosts / 2
        box = {"facecolor": "white", "edgecolor": "none", "pad": 2}
        write(ax, middle, row, f"{pod.ghosts}{ghosts}", ha="center", va="center", bbox=box)
        write(ax, pod.tcp / 2, row, f"{tcp}{pod.tcp}", ha="center", va="center", color="white")
    write(ax, pod.gauge + 3, row, f"{pod.gauge}{gauge}", va="center", color=legible(GAUGE.color))


def memory_fit(pods: Sequence[InspectedPod]) -> Figure:
    """Draw memory against ghosts: the line, the lines without one pod each, the residuals."""
    line = evidence.fit(pods)
    known = evidence.with_memory(pods)
    fig, (ax,) = figure(height=6.8)
    reach = 1.1 * max(pod.ghosts for pod in known)
    ax.set(xlim=(-6, reach), ylim=(0, 1.3 * max(pod.memory_mib or 0 for pod in known)))
    _draw_fan(ax, evidence.leave_one_out(known), reach)
    _draw_fit(ax, known, line, reach)
    for pod in known:
        above = line.residual(pod) > 0
        ax.annotate(
            f"{pod.pod} {line.residual(pod):+.0f}".replace("-", "\N{MINUS SIGN}"),
            xy=(pod.ghosts, pod.memory_mib or 0),
            xytext=(-10, 10) if above else (10, -10),
            textcoords="offset points",
            ha="right" if above else "left",
            va="bottom" if above else "top",
            fontsize=TEXT_SIZE,
            color=INK,
        )
    finding(
        ax,
        f"A ghost costs {line.slope:.1f} MiB, standard error {line.slope_se:.1f}: "
        f"from {line.n} pods",
    )
    return fig


def _draw_fan(ax: Axes, without: Sequence[LeftOut], reach: float) -> None:
    """Draw the line without each pod, and name the flattest and the steepest."""
    slopes = [one.fit.slope for one in without]
    for one in without:
        ends = [one.fit.predict(0), one.fit.predict(reach)]
        (drawn,) = ax.plot([0, reach], ends, color=FAINT, linewidth=1.5, linestyle=":")
        if one.fit.slope in (min(slopes), max(slopes)):
            label_line_end(ax, drawn, f"{one.fit.slope:.1f} without {one.pod.pod}")


def _draw_fit(ax: Axes, pods: Sequence[InspectedPod], line: Fit, reach: float) -> None:
    """Draw the pods, the line through them from 0 to `reach`, and what it leaves over."""
    counts = [line.count(pod) for pod in pods]
    memory = [pod.memory_mib or 0 for pod in pods]
    ax.vlines(counts, memory, [line.predict(x) for x in counts], color=FAINT, linewidth=1.5)
    (drawn,) = ax.plot([0, reach], [line.predict(0), line.predict(reach)], **MEMORY.line)
    ax.plot(counts, memory, **{**MEMORY.points, "color": INK})
    ax.set_xlabel(_COUNTS[line.regressor])
    mib_axis(ax, per_mib=1)
    label_line_end(ax, drawn, f"{line.slope:.1f} MiB each")


def regressors(pods: Sequence[InspectedPod], ordinary: OrdinaryPods) -> Figure:
    """Draw memory on ghosts and on the gauge side by side, with the pods that neither line saw."""
    known = evidence.with_memory(pods)
    fig, axes = figure(1, 2, height=6.6, sharey=True)
    axes[0].set_ylim(0, 1.15 * max(pod.memory_mib or 0 for pod in known))
    counts: tuple[Regressor, Regressor] = ("ghosts", "gauge")
    for ax, regressor in zip(axes, counts, strict=True):
        line = evidence.fit(known, regressor)
        reach = 1.05 * max(line.count(pod) for pod in known)
        ax.set_xlim(-8, reach)
        _draw_fit(ax, known, line, reach)
        _draw_ordinary(ax, line, ordinary)
        finding(
            ax,
            f"On {'ghosts' if regressor == 'ghosts' else 'the gauge'}: "
            f"R² {line.r_squared:.3f},\nbut {ordinary.miss(line):.0f} MiB too high in May",
        )
    axes[1].set_ylabel("")
    return fig


def _draw_ordinary(ax: Axes, line: Fit, ordinary: OrdinaryPods) -> None:
    """Draw the average ordinary pod and how far above it the line passes."""
    x, y = ordinary.count(line.regressor), ordinary.memory_mib
    ax.vlines(x, y, line.predict(x), color=GAUGE.color, linewidth=3)
    ax.plot(x, y, **{**STORED.points, "marker": "D", "markersize": 12, "mec": INK})
    ax.annotate(
        f"{ordinary.pods} pods in May,\n{y:.0f} MiB on average",
        xy=(x, y),
        xytext=(16, -6),
        textcoords="offset points",
        va="top",
        fontsize=TEXT_SIZE,
        color=INK,
    )


def chunks_held(queues: Sequence[ChunkQueue], line: Fit) -> Figure:
    """Draw what each queue holds after so long without an upload, and what a ghost holds."""
    fig, (ax,) = figure(height=6.8)
    minutes = range(27)
    ax.set(xlim=(0, minutes[-1]), ylim=(0, 1.1 * max(queue.limit_mib for queue in queues)))
    for queue, style in zip(queues, ("-", "--", ":"), strict=False):
        held = [queue.retained_mib(stuck) for stuck in minutes]
        look = {**MEMORY.line, "linestyle": style}
        (drawn,) = ax.plot(minutes, held, drawstyle="steps-post", **look)
        name = f"{queue.sample_rate_hz / 1000:g} kHz"
        label_line_end(ax, drawn, f"{name}: full\nat {queue.limit} chunks")
        stuck = queue.minutes_stuck(line.slope)
        ax.vlines(stuck, 0, line.slope, color=INK, linewidth=1.5, linestyle=":")
        write(ax, stuck + 0.2, 0.6, f"{stuck:.0f} minutes at {name}")
    _draw_ghost(ax, line, minutes[-1])
    _draw_late_hang(ax, queues[0])
    ax.set_xlabel("minutes without an upload when the device leaves")
    mib_axis(ax, "audio held (MiB)", per_mib=1)
    spans = sorted(round(queue.minutes_stuck(line.slope)) for queue in queues)
    finding(
        ax,
        f"{line.slope:.1f} MiB is {spans[0]} to {spans[-1]} minutes of audio: "
        "stuck long before the device left",
    )
    return fig


def _draw_ghost(ax: Axes, line: Fit, reach: float) -> None:
    """Draw the memory of a ghost with its confidence interval, from 0 to `reach`."""
    low, high = line.slope_interval()
    ax.axhspan(low, high, **{**GHOSTS.area, "alpha": 0.3})
    (ghost,) = ax.plot([0, reach], [line.slope] * 2, **GHOSTS.line)
    label_line_end(ax, ghost, f"a ghost: {line.slope:.1f}\n(95%: {low:.0f} to {high:.0f})")


def _draw_late_hang(ax: Axes, queue: ChunkQueue) -> None:
    """Point at what a task holds that hangs only when its device leaves."""
    ax.annotate(
        "a task that hangs only when its device\nleaves holds about one chunk: "
        f"{queue.chunk_mib:.1f} MiB",
        xy=(queue.chunk_minutes, queue.chunk_mib),
        xytext=(0.6 * queue.chunk_minutes, 1.3 * queue.limit_mib),
        arrowprops={"arrowstyle": "->", "color": INK, "relpos": (0.05, 0)},
        fontsize=TEXT_SIZE,
        color=INK,
    )


def clustering(fleet: Sequence[Fact]) -> Figure:
    """Draw the fleet's memory above baseline, counted in ghosts: the largest pod and the rest."""
    figures = {one.name: one.value for one in fleet}
    largest, total = figures["largest_pod_ghosts"], figures["fleet_ghosts"]
    others = round(figures["other_pods"])
    fig, (ax,) = figure(height=3.4)
    counts = [total - largest, largest]
    ax.barh([0, 1], counts, height=0.6, **GHOSTS.area)
    for row, count in enumerate(counts):
        write(ax, count + 2, row, f"{count:.0f}", va="center")
    ax.set_yticks([0, 1], [f"the other {others}\npods together", "the largest pod"])
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("ghosts' worth of memory above the baseline (derived)")
    ax.set_xlim(0, 1.1 * largest)
    finding(
        ax,
        f"{largest:.0f} ghosts in one pod, {total - largest:.0f} in the other {others}: "
        "what do a pod's sessions share?",
    )
    fig.details = [
        f"Ghosts' worth of memory above the baseline: {largest:.0f} in the largest pod, "
        f"{total - largest:.0f} in the other {others} pods together"
    ]
    return fig


def diagnoses(diagnoses: Sequence[Diagnosis]) -> Figure:
    """Draw how long each diagnosis stood: the diagnosis on the left, what ended it on the right."""
    fig, (ax,) = figure(height=0.95 * len(diagnoses) + 1.6)
    for row, one in enumerate(diagnoses):
        start, end = one.date.toordinal(), one.verdict_date.toordinal()
        color = _VERDICT_COLOR[one.verdict]
        ax.barh(row, max(end - start, 2), left=start, height=0.4, color=color)
        beside = {"transform": ax.get_yaxis_transform(), "color": legible(color)}
        verdict = f"{one.verdict} {one.verdict_date.day} {one.verdict_date:%b}"
        write(ax, 1.02, row - 0.05, verdict, va="bottom", fontweight="bold", **beside)
        write(ax, 1.02, row, textwrap.fill(one.because, 36), va="top", **beside)
    ax.set_yticks(range(len(diagnoses)), [textwrap.fill(one.diagnosis, 30) for one in diagnoses])
    ax.set_ylim(len(diagnoses) - 0.4, -0.6)
    ax.grid(visible=False, axis="y")
    _months_axis(ax, diagnoses[0].date, max(one.verdict_date for one in diagnoses))
    refuted = sum(one.verdict is Verdict.REFUTED for one in diagnoses)
    finding(ax, f"{refuted} of {len(diagnoses)} diagnoses were refuted before one held")
    fig.details = [
        f"{one.diagnosis}, {one.date:%d %b}: {one.verdict} {one.verdict_date:%d %b}, {one.because}"
        for one in diagnoses
    ]
    return fig


def _months_axis(ax: Axes, first: dt.date, last: dt.date) -> None:
    """Mark the months of one year on an x axis whose data are days as `date.toordinal` counts."""
    months = [dt.date(first.year, month, 1) for month in range(first.month, last.month + 1)]
    ax.set_xticks([month.toordinal() for month in months], [f"{month:%b}" for month in months])
    ax.set_xlabel(str(first.year))
