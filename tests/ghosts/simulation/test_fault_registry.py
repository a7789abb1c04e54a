"""The registry of fault modes: every mode has one behaviour, and no other mode exists."""

import ast
import inspect
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from ghosts.records.fault import WHOLE_SERVICE_MODES, FaultMode
from ghosts.records.scenario import ScenarioError, parse_scenario
from ghosts.simulation import faults
from ghosts.simulation.faults import BEHAVIOURS, FaultBehaviour

FOLDER = Path(faults.__file__).parent
NOT_MODES = {"__init__", "behaviour"}
PARTS = {
    "instead_of_work": None,
    "instead_of_answer": None,
    "closes_port": False,
    "around_call": None,
}
"""The parts of a behaviour, and what each is where a mode does not have it."""


def test_every_mode_is_registered_in_the_order_of_its_declaration() -> None:
    assert list(BEHAVIOURS) == list(FaultMode)


def test_every_file_of_the_folder_is_one_registered_mode_and_has_its_name() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - NOT_MODES
    assert files == set(FaultMode)
    for mode, behaviour in BEHAVIOURS.items():
        assert getattr(faults, mode).BEHAVIOUR is behaviour


@pytest.mark.parametrize("mode", FaultMode)
def test_a_mode_has_exactly_one_part(mode: FaultMode) -> None:
    assert {field.name for field in fields(FaultBehaviour)} == set(PARTS)
    behaviour = BEHAVIOURS[mode]
    assert sum(getattr(behaviour, name) != absent for name, absent in PARTS.items()) == 1


def test_a_behaviour_without_a_part_or_with_two_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="exactly one"):
        FaultBehaviour()
    two = {"instead_of_answer": BEHAVIOURS[FaultMode.ANSWER_LOST].instead_of_answer}
    with pytest.raises(ValueError, match="exactly one"):
        FaultBehaviour(closes_port=True, **two)


def test_a_mode_that_closes_the_port_is_one_of_the_whole_service_and_no_other_is() -> None:
    assert {mode for mode in FaultMode if BEHAVIOURS[mode].closes_port} == WHOLE_SERVICE_MODES


def test_the_registry_cannot_be_changed() -> None:
    behaviours: Any = BEHAVIOURS
    with pytest.raises(TypeError):
        behaviours["another"] = BEHAVIOURS[FaultMode.SLOW]


def test_an_unknown_mode_is_refused_by_name_wherever_it_comes_from() -> None:
    with pytest.raises(ValueError, match="'status_501' is not a valid FaultMode"):
        FaultMode("status_501")
    table = {
        "name": "x",
        "summary": "x",
        "seed": 1,
        "duration": 60,
        "devices": [{"name": "device", "count": 1}],
        "faults": [{"backend": "storage", "mode": "status_501"}],
    }
    with pytest.raises(ScenarioError, match=r"faults\.0\.mode: .*'never_answers', .*'status_501'"):
        parse_scenario(table, "x.toml")


def test_no_mode_falls_through_to_status_500() -> None:
    """The only answer of 500 besides is that of a reset connection, which is not sent."""
    says_500 = [
        path.stem
        for path in (*FOLDER.glob("*.py"), FOLDER.parent / "backends.py")
        if any(
            isinstance(node, ast.Constant) and node.value == 500
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        )
    ]
    assert says_500 == [FaultMode.STATUS_500]


def test_no_code_outside_of_a_modes_file_compares_modes() -> None:
    """Behaviour is looked up in the registry, so that a new mode needs no other change."""
    from ghosts.simulation import backends, client_faults, test_bed

    for module in (backends, client_faults, test_bed):
        tree = ast.parse(inspect.getsource(module))
        named = [
            ast.unparse(node)
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "FaultMode"
        ]
        assert named == []
