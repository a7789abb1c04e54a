"""What fits a node, how many pods are desired, and what each diagnosis can explain."""

from collections.abc import Mapping, Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from fleet.autoscaler import Scaling, decide
from fleet.packing import Binding, Fit, Node, Pool
from fleet.pods import PodResources, Resources
from fleet.quantity import MIB
from fleet.recommendation import first_step_up
from ghosts.plots.style import (
    FAULT,
    GAUGE,
    GHOSTS,
    INK,
    LABEL_SIZE,
    LIMIT,
    MEMORY,
    PODS,
    TCP,
    Figure,
    figure,
    finding,
    finding_of_all,
    legible,
    mib_axis,
    write,
)

_BAR: Final = 0.62
_IN_USE: Final = 0.2
"""Heights of what is requested and of what is in use, of the distance between two bars."""
_SHOWN: Final = (Binding.CPU, Binding.MEMORY)
_MARGIN: Final = 0.5
"""Per cent between the edge of a pod and what it has in use."""


def packed_node(node: Node, pods: Mapping[str, PodResources], in_use: Resources) -> Figure:
    """Draw a node filled with pods of one kind, a pair of bars for each kind, by its name.

    The upper bar is processor and the lower memory, as shares of what the node can give:
    daemonsets, then pods by what they ask for, then what is left. The dark core of a pod is what
    it has ``in_use``.
    """
    fig, (ax,) = figure(height=1.4 + 1.7 * len(pods))
    places, names = [], []
    for row, (name, pod) in enumerate(pods.items()):
        for line, resource in enumerate(_SHOWN):
            places.append(2.5 * row + line)
            names.append(f"{name}: {resource}" if line == 0 else resource)
            _draw_node(ax, places[-1], node, pod, resource, in_use)
    ax.set_yticks(places, names)
    ax.set_ylim(max(places) + 0.5, -0.5)
    ax.set_xlim(0, 100)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("share of what the node can give (%); dark: what a pod has in use, as a mean")
    fits = [f"{name} {_on(node, pod).per_node}" for name, pod in pods.items()]
    finding(ax, f"Pods that fit a node: {', '.join(fits)}")
    fig.details = [_in_words(name, _on(node, pod)) for name, pod in pods.items()]
    return fig


def _in_words(name: str, fit: Fit) -> str:
    left = (f"{_amount(fit.slack, resource)} {resource}" for resource in _SHOWN)
    return f"{name}: {fit.per_node} pods leave {' and '.join(left)}; {fit.binding} binds"


def _draw_node(
    ax: Axes, place: float, node: Node, pod: PodResources, resource: Binding, in_use: Resources
) -> None:
    fit = _on(node, pod)
    per_cent = 100 / _of(node.allocatable, resource)
    taken = per_cent * _of(node.daemonsets, resource)
    each, used = (per_cent * _of(amount, resource) for amount in (pod.requests, in_use))
    ax.barh(place, taken, _BAR, **FAULT.area)
    if resource is Binding.CPU:
        write(ax, taken / 2, place, "daemonsets", ha="center", va="center")
    look = {**(MEMORY if resource is Binding.MEMORY else PODS).area, "edgecolor": "white"}
    for number in range(fit.per_node):
        left = taken + number * each
        ax.barh(place, each, _BAR, left, **{**look, "linewidth": 2.5})
        ax.barh(place, used, _IN_USE, left + _MARGIN, color=INK)
    words = f"{_amount(fit.slack, resource)} left"
    binds = fit.binding is resource
    write(ax, 101, place, words, va="center", fontweight="bold" if binds else "normal")


def _amount(resources: Resources, resource: Binding) -> str:
    amount = _of(resources, resource)
    return f"{amount / MIB:,.0f}Mi" if resource is Binding.MEMORY else f"{amount}m"


def _on(node: Node, pod: PodResources) -> Fit:
    return Pool(nodes=1, node=node).fit(pod)


def _of(resources: Resources, resource: Binding) -> int:
    return resources.memory if resource is Binding.MEMORY else resources.cpu


def desired_pods(scaling: Scaling, replicas: int, readings: Mapping[str, float]) -> Figure:
    """Draw the desired replicas, over the mean that so many pods have.

    ``readings`` are means to be marked, by what they are of.
    """
    fig, (ax,) = figure(height=5.6)
    target = scaling.target
    top = target * 1.5
    means = [step * target / 1000 for step in range(1501)]
    desired = [decide(scaling, replicas, mean).replicas for mean in means]
    ax.plot(means, desired, **PODS.line)
    low = target * (1 - scaling.tolerances.down)
    high = target * (1 + scaling.tolerances.up)
    ax.axvspan(low, high, zorder=0, **FAULT.area)
    bottom = min(desired) - 3
    write(
        ax,
        (low + high) / 2,
        bottom + 0.4,
        "within\ntolerance",
        ha="center",
        fontstyle="italic",
    )
    for (name, mean), look in zip(readings.items(), (TCP, GAUGE), strict=False):
        marked = decide(scaling, replicas, mean).replicas
        ax.plot([mean], [marked], **{**look.points, "markersize": 13})
        ax.annotate(
            f"{name} {mean:g}: {marked} pods",
            (mean, marked),
            xytext=(-12, 14),
            textcoords="offset points",
            ha="right",
            fontsize=LABEL_SIZE,
            fontweight="bold",
            color=legible(look.color),
        )
    ax.set_xlim(0, top)
    ax.set_ylim(bottom, max(desired) + 1.5)
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("connections per pod, as a mean over all pods")
    ax.set_ylabel("desired pods")
    after = first_step_up(replicas, scaling.tolerances.up)
    words = f"the next step up is {after}"
    if after > replicas + 1:
        words += f"; {after - 1} is never desired"
    finding(ax, f"From {replicas} pods {words}")
    return fig


def explained(excess: float, explanations: Sequence[tuple[str, float]]) -> Figure:
    """Draw how much of a pod's excess memory, in MiB, each explanation accounts for at most.

    The last of them is that of the ghosts.
    """
    fig, (ax,) = figure(height=1.8 + 0.75 * len(explanations))
    for place, (_, mib) in enumerate(explanations):
        look = GHOSTS if place == len(explanations) - 1 else PODS
        ax.barh(place, mib, _BAR, **look.area)
        crosses = mib > 0.8 * excess
        ax.annotate(
            f"{mib:,.0f} MiB",
            (mib / 2 if crosses else mib, place),
            (0 if crosses else 8, 0),
            textcoords="offset points",
            ha="center" if crosses else "left",
            va="center",
            fontsize=LABEL_SIZE,
            fontweight="bold",
            color=INK,
        )
    ax.axvline(excess, **LIMIT.line)
    write(ax, excess, -0.75, f"to be explained: {excess:,.0f} MiB ", ha="right", va="center")
    ax.set_yticks(range(len(explanations)), [name for name, _ in explanations])
    ax.set_ylim(len(explanations) - 0.4, -1.1)
    ax.grid(axis="y", visible=False)
    mib_axis(ax, "memory that it can explain (MiB)", axis="x", per_mib=1)
    *earlier, last = [mib / excess for _, mib in explanations]
    finding_of_all(
        fig,
        f"Of the pod's excess the earlier diagnoses explain {max(earlier):.0%} at most, "
        f"its ghosts {last:.0%}",
    )
    fig.details = [f"To be explained: {excess:,.0f} MiB"]
    fig.details += [f"{name}: {mib:,.0f} MiB" for name, mib in explanations]
    return fig
