"""What owners share is told by structure: by what the objects that they are part of reach."""

import asyncio
import functools
from collections.abc import Callable
from typing import Any

import pytest

from tracemalloc_ext import leaves_of, retained_by

KIB = 1024


class Part:
    def __init__(self, **attributes: object) -> None:
        self.__dict__.update(attributes)


def own(owners: dict[str, object], *common: object, **keys: Any) -> dict[str, int]:
    sizes = retained_by(owners, common=common, **keys)
    return {name: size // KIB for name, size in sizes.own.items()}


def test_what_the_service_reaches_belongs_to_no_owner_even_if_there_is_only_one() -> None:
    pool = Part(table=[[bytes(KIB)] for _ in range(100)], cache={n: [n] for n in range(1_000)})
    session = Part(pool=pool, audio=[bytes(50 * KIB)])
    assert own({"one": session}, Part(pool=pool)) == {"one": 50}
    assert own({"one": session})["one"] > 150


def test_what_the_service_reaches_belongs_to_none_of_several_owners() -> None:
    pool = Part(table=[[bytes(KIB)] for _ in range(100)])
    sessions = {name: Part(pool=pool, audio=[bytes(50 * KIB)]) for name in "abc"}
    assert own(sessions, pool) == {"a": 50, "b": 50, "c": 50}
    sizes = retained_by(sessions, common=[pool])
    assert sizes.shared < KIB


def test_a_registry_of_all_sessions_makes_them_neither_common_nor_shared() -> None:
    registry: dict[str, Part] = {}
    for name in "abc":
        registry[name] = Part(registry=registry, audio=[bytes(50 * KIB)])
    assert own(dict(registry), Part(sessions=registry)) == {"a": 50, "b": 50, "c": 50}
    assert own({"a": registry["a"]}, registry, exclude=[registry["b"], registry["c"]]) == {"a": 50}


def test_an_owner_of_several_objects_is_stopped_at_each_of_them() -> None:
    session, buffer = Part(audio=[bytes(20 * KIB)]), Part(audio=[bytes(30 * KIB)])
    assert own({"one": (session, buffer)}, {"s": session, "b": buffer}) == {"one": 50}


def test_bytes_that_the_service_works_on_are_still_the_sessions() -> None:
    audio = bytes(50 * KIB)
    service = Part(in_hand=[audio], jobs=[{"body": audio}])
    assert own({"one": Part(chunks=[audio])}, service) == {"one": 50}


def test_bytes_that_are_reached_only_through_the_service_are_not_the_sessions() -> None:
    service = Part(model=[bytes(50 * KIB)])
    assert own({"one": Part(service=service)}, service) == {"one": 0}


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_owners_and_of_common_objects_does_not_matter(order: int) -> None:
    pool, cache = Part(x=[bytes(KIB)]), Part(y=[bytes(KIB)])
    names = "abcd"[::order]
    sessions = {name: Part(pool=pool, cache=cache, audio=[bytes(9 * KIB)]) for name in names}
    assert own(sessions, *(pool, cache)[::order]) == dict.fromkeys(names, 9)


def test_what_is_common_may_refer_to_itself_and_to_owners_in_circles() -> None:
    service = Part(audio=[bytes(KIB)])
    session = Part(service=service, audio=[bytes(10 * KIB)])
    service.session, service.itself, service.list = session, service, [service]
    assert own({"one": session}, service, service.list) == {"one": 10}


def test_an_excluded_class_is_closed_on_the_way_from_the_service_too() -> None:
    class Observer:
        def __init__(self, of: object) -> None:
            self.of = of

    audio = [bytes(10 * KIB)]
    assert own({"one": Part(audio=audio)}, Observer(audio), exclude=[Observer]) == {"one": 10}


def test_futures_are_entered_without_their_callbacks() -> None:
    async def main() -> dict[str, int]:
        audio = [bytes(10 * KIB)]
        waiting = asyncio.get_running_loop().create_future()
        waiting.add_done_callback(functools.partial(print, audio))
        return own({"one": Part(audio=audio)}, Part(futures=[waiting]))

    assert asyncio.run(main()) == {"one": 10}


def test_a_suspended_task_of_the_service_makes_its_locals_common() -> None:
    async def main() -> dict[str, int]:
        shared, audio = [[bytes(20 * KIB)]], [bytes(10 * KIB)]

        async def serve() -> None:
            kept = shared
            await asyncio.Event().wait()
            del kept

        task = asyncio.create_task(serve())
        await asyncio.sleep(0)
        try:
            return own({"one": Part(shared=shared, audio=audio)}, Part(task=task))
        finally:
            task.cancel()

    assert asyncio.run(main()) == {"one": 10}


def test_empty_common_objects_change_nothing() -> None:
    shared = [bytes(KIB)]
    owners = {name: Part(shared=shared, audio=[bytes(9 * KIB)]) for name in "ab"}
    assert retained_by(owners) == retained_by(owners, common=())
    assert retained_by(owners).shared > KIB


def test_the_common_objects_are_not_modified() -> None:
    service = Part(sessions=[], function=lambda: None)
    before = dict(vars(service))
    own({"one": Part(service=service)}, service)
    assert vars(service) == before


def partial_of(audio: bytes) -> Callable[[], object]:
    return functools.partial(len, audio)


def closure_of(audio: bytes) -> Callable[[], object]:
    return lambda: audio


def default_of(audio: bytes) -> Callable[[], object]:
    def function(held: bytes = audio) -> bytes:
        return held

    return function


def object_of(audio: bytes) -> Callable[[], object]:
    return Part(deep=[{"a": (audio,)}]).__init__  # type: ignore[misc]


@pytest.mark.parametrize("holder", [partial_of, closure_of, default_of, object_of])
def test_the_leaves_of_a_function_are_what_it_passes_on(
    holder: Callable[[bytes], Callable[[], object]],
) -> None:
    audio = bytes(10 * KIB)
    assert any(leaf is audio for leaf in leaves_of(holder(audio)))


def test_a_function_of_a_module_has_no_leaves() -> None:
    assert leaves_of(own, partial_of) == []


def test_leaves_that_are_excluded_belong_to_no_owner() -> None:
    model = bytes(50 * KIB)
    lifecycle = functools.partial(print, model)
    session = Part(arguments=[model], audio=[bytes(10 * KIB)])
    assert own({"one": session}, lifecycle) == {"one": 60}
    assert own({"one": session}, lifecycle, exclude=leaves_of(lifecycle)) == {"one": 10}
