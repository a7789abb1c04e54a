"""Objects of Kubernetes: which is which, and which has made which."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fleet.manifests.documents import KubernetesObject
from fleet.manifests.section import Section
from fleet.quantity import plain, prefixed

AUTOSCALER: Final = "HorizontalPodAutoscaler"
DAEMONS: Final = "DaemonSet"
NODE: Final = "Node"
POD: Final = "Pod"
_ENDED: Final = ("Succeeded", "Failed")
"""Phases in which a pod takes no room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """An object with what identifies it."""

    kind: str
    namespace: str
    name: str
    owner: tuple[str, str] | None
    """Kind and name of the controller that has made it."""
    section: Section
    pods: Section | None
    """The ``spec`` of its pods; None if it has none, or they have ended."""
    file: str

    @property
    def where(self) -> str:
        """What a message about it begins with."""
        return f"{self.file}: {plain(self.kind)} {plain(self.name)}"


def roots_of(objects: Iterable[KubernetesObject]) -> list[Object]:
    """Return the objects that no other one has made; of two with the same name, the last one.

    A ReplicaSet that is left from an earlier revision is left out, too.

    Raises:
        CapacityError: a value is not possible; the message names file, object and key.
    """
    read = [_object_of(each) for each in objects]
    latest = {(each.kind, each.namespace, each.name): each for each in read}
    names = {(kind, name) for kind, _, name in latest}
    running = {(each.kind, each.name) for each in latest.values() if each.pods is not None}
    return [
        each for each in latest.values() if not _is_made(each, running if _matters(each) else names)
    ]


def _object_of(one: KubernetesObject) -> Object:
    section = Section(content=one.content)
    with prefixed(one.file), prefixed(plain(one.kind)):
        metadata = section.section("metadata")
        owners = [each for each in metadata.sections("ownerReferences") if each.get("controller")]
        return Object(
            kind=one.kind,
            namespace=metadata.text("namespace"),
            name=metadata.text("name"),
            owner=(owners[0].text("kind"), owners[0].text("name")) if owners else None,
            section=section,
            pods=_pods_of(section, one.kind),
            file=one.file,
        )


def _pods_of(section: Section, kind: str) -> Section | None:
    if kind == POD:
        ended = section.section("status").get("phase") in _ENDED
        return None if ended else section.section("spec")
    spec = section.section("spec") if isinstance(section.get("spec"), dict) else None
    if spec is not None and isinstance(spec.get("jobTemplate"), dict):
        spec = spec.section("jobTemplate").section("spec")
    if spec is None or not isinstance(spec.get("template"), dict):
        return None
    template = spec.section("template")
    pods = template.section("spec") if isinstance(template.get("spec"), dict) else None
    # Machines of the Cluster API have a template, too, and it is not of pods.
    return pods if pods is not None and "containers" in pods.content else None


def _matters(one: Object) -> bool:
    """Return whether figures depend on it, whatever owns it: a node, or a custom resource."""
    return one.pods is not None or one.kind == AUTOSCALER


def _is_made(one: Object, names: set[tuple[str, str]]) -> bool:
    with prefixed(one.where):
        if one.owner is None:
            return False
        if one.owner in names or one.section.section("spec").whole("replicas") == 0:
            return True
        if one.kind != POD:
            return False
        # Between a Deployment and its pods there is a ReplicaSet, which kubectl lists apart.
        hash_ = one.section.section("metadata").section("labels").get("pod-template-hash")
        return ("Deployment", one.owner[1].removesuffix(f"-{plain(hash_)}")) in names
