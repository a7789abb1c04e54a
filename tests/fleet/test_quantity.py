"""Quantities as Kubernetes writes them; anything else is refused in one line that says why."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.quantity import MIB, CapacityError, memory_bytes, millicores


@pytest.mark.parametrize(
    ("quantity", "thousandths"),
    [
        ("350m", 350),
        ("0.7", 700),
        (0.7, 700),
        (1, 1000),
        ("1", 1000),
        (2.5, 2500),
        (Decimal("0.35"), 350),
        (0, 0),
        ("1e3", 1_000_000),
    ],
    ids=repr,
)
def test_processor_is_read_in_thousandths_of_a_core(quantity: object, thousandths: int) -> None:
    assert millicores(quantity) == thousandths


@pytest.mark.parametrize("quantity", ["0.1m", 0.0001, "0.0005"])
def test_less_than_a_thousandth_of_a_core_is_rounded_up_to_one(quantity: object) -> None:
    assert millicores(quantity) == 1


@pytest.mark.parametrize(
    ("quantity", "size"),
    [
        ("3Gi", 3 * 2**30),
        ("2.5Gi", 2560 * MIB),
        ("4608Mi", 4608 * MIB),
        ("4.5Gi", 4608 * MIB),
        ("3G", 3 * 10**9),
        ("3k", 3000),
        ("3Ki", 3072),
        ("1e3", 1000),
        (1, 1),
        (0, 0),
    ],
    ids=repr,
)
def test_memory_is_read_in_bytes_by_twos_with_an_i_and_by_tens_without(
    quantity: object, size: int
) -> None:
    assert memory_bytes(quantity) == size


def test_an_amount_of_memory_is_no_amount_of_processor() -> None:
    with pytest.raises(CapacityError, match=r"^'3Gi' is an amount of memory: should be as 2"):
        millicores("3Gi")


@pytest.mark.parametrize("read", [millicores, memory_bytes])
@pytest.mark.parametrize(
    "nonsense",
    [
        "3GiB",
        "3gi",
        "3 Gi",
        "",
        " 3Gi",
        "3Gi ",
        "NaN",
        "inf",
        "1_000",
        "1\n",
        "٣Gi",
        "many",
        "-1",
        -1,
        "-350Mi",
        float("nan"),
        float("inf"),
        True,
        None,
        ["3Gi"],
        {"cpu": 1},
    ],
    ids=repr,
)
def test_nonsense_is_refused_in_one_line_that_repeats_it_and_says_what_is_allowed(
    read: Callable[[object], int], nonsense: object
) -> None:
    with pytest.raises(CapacityError) as refused:
        read(nonsense)
    said = str(refused.value)
    assert said.startswith(repr(nonsense))
    assert "should be as 2, 350m or 3Gi" in said or "is below 0" in said
    assert "\n" not in said


@pytest.mark.parametrize("slip", ["350m", "0.7", 0.7, "0.0001Ki"], ids=repr)
def test_a_part_of_a_byte_is_taken_for_the_slip_that_it_is(slip: object) -> None:
    with pytest.raises(CapacityError, match=r"bytes: should be whole, as in 350Mi$"):
        memory_bytes(slip)


@given(st.integers(0, 10**6))
@settings(max_examples=50, derandomize=True, deadline=None)
def test_what_is_written_in_the_smallest_units_is_read_back_exactly(amount: int) -> None:
    assert millicores(f"{amount}m") == millicores(Decimal(amount) / 1000) == amount
    assert memory_bytes(f"{amount}Mi") == memory_bytes(amount * MIB) == amount * MIB
