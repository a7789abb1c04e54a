"""Quantities as Kubernetes writes them; anything else is refused in one line that says why."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.quantity import MIB, CapacityError, memory_bytes, millicores, whole_number


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


@pytest.mark.parametrize(
    ("quantity", "size"),
    [("350m", 1), ("0.7", 1), (0.7, 1), ("0.0001Ki", 1), ("1.2Gi", 1_288_490_189), ("1500m", 2)],
    ids=repr,
)
def test_a_part_of_a_byte_is_rounded_up(quantity: object, size: int) -> None:
    """Kubernetes warns of it, and takes it: "Quantity", in its API's common definitions.

    https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
    """
    assert memory_bytes(quantity) == size


@pytest.mark.parametrize(
    ("quantity", "size"),
    [
        ("128974848", 128_974_848),
        ("129e6", 129_000_000),
        ("129M", 129_000_000),
        ("128974848000m", 128_974_848),
        ("123Mi", 128_974_848),
        ("+1.5e1", 15),
        (".5Ki", 512),
        ("5.", 5),
        ("1E", 10**18),
        ("1E3", 1000),
        ("1000000u", 1),
        (1e3, 1000),
    ],
    ids=repr,
)
def test_every_form_of_a_quantity_is_read(quantity: object, size: int) -> None:
    """The examples of "Resource Management for Pods and Containers", and the grammar of "Quantity".

    https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#meaning-of-memory
    """
    assert memory_bytes(quantity) == size


@pytest.mark.parametrize(
    "huge",
    ["1e999999999", "9" * 5000, 10**5000, "9999999999Ei", 1e300],
    ids=lambda each: type(each),
)
def test_what_is_larger_than_any_quantity_is_capped(huge: object) -> None:
    """See "No quantity may represent a number greater than 2^63-1": "Quantity", as above."""
    assert memory_bytes(huge) == 2**63 - 1
    assert memory_bytes("1e-999999999") in (0, 1)


@given(st.integers(0, 10**6))
@settings(max_examples=50, derandomize=True, deadline=None)
def test_what_is_written_in_the_smallest_units_is_read_back_exactly(amount: int) -> None:
    assert millicores(f"{amount}m") == millicores(Decimal(amount) / 1000) == amount
    assert memory_bytes(f"{amount}Mi") == memory_bytes(amount * MIB) == amount * MIB


def test_devices_are_whole() -> None:
    """Section "Consuming extended resources" of the page on resource management, as above."""
    assert [whole_number(each) for each in (3, "3000m", "3Ki")] == [3, 3, 3072]
    for part in ("0.5", "1500m"):
        with pytest.raises(CapacityError, match=f"^'{part}' is not a whole number$"):
            whole_number(part)
