"""How a key of a mapping is described, by `why`: short, without addresses, without its `repr`."""

import datetime
import decimal
import enum
import pathlib
import re
import uuid
from collections import namedtuple
from dataclasses import dataclass, field

import pytest

from tracemalloc_ext import why


class Counted:
    """Counts how often its `repr` is called."""

    calls = 0

    def __repr__(self):
        Counted.calls += 1
        return f"<Counted at {id(self):#x}>"


class Unshowable:
    def __repr__(self):
        raise RuntimeError("not bound to a session")

    __str__ = __repr__


class Pretends(Unshowable):
    """A proxy that is bound to nothing: whatever it is asked raises."""

    def __getattribute__(self, name):
        raise RuntimeError("outside of a request")

    __class__ = property(lambda self: self.nothing)


@dataclass(frozen=True)
class User:
    number: int
    name: str
    password: object = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Slotted:
    number: int


Point = namedtuple("Point", "x y")
Color = enum.Enum("Color", "RED GREEN")


class Zone(datetime.tzinfo):
    def utcoffset(self, _time):
        return None

    __repr__ = Unshowable.__repr__


class Row(tuple):
    __slots__ = ()
    _fields = property(lambda self: ("a",))


class Text(str):
    __slots__ = ()
    __repr__ = Unshowable.__repr__


class Number(int):
    __repr__ = Unshowable.__repr__

    def __hash__(self):
        return 7

    def __eq__(self, other):
        raise RuntimeError("no comparison")


def words_for(key):
    chunk = bytes(bytearray(500))
    answer = str(why(chunk, roots={"kept": {key: chunk}}))
    found = re.fullmatch(r"kept -> dict\[(.*)\] -> bytes, 500 B", answer)
    assert found, answer
    return found[1]


NESTED = ((((1,),),),)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("ada", "'ada'"),
        ("a" * 41, f"'{'a' * 40}'..."),
        (b"a" * 10**6, f"b'{'a' * 40}'..."),
        (Text("ada"), "'ada'"),
        (7, "7"),
        (Number(7), "7"),
        (True, "True"),
        (1 << 20_000, "an int of 20001 bits"),
        (0.5, "0.5"),
        (1j, "1j"),
        (None, "None"),
        (("ada", 7), "('ada', 7)"),
        ((), "()"),
        (tuple(range(9)), "(0, 1, 2, 3, ...)"),
        (NESTED, "(((...)))"),
        (User(7, "ada", Unshowable()), "User(number=7, name='ada')"),
        (Slotted(7), "Slotted(number=7)"),
        (Point(1, 2), "Point(x=1, y=2)"),
        (Row([1]), "Row(1)"),
        (Color.RED, "Color.RED"),
        (User, "class User"),
        (words_for, "function words_for"),
        (object(), "object(...)"),
        (frozenset({1}), "frozenset(...)"),
        (Unshowable(), "Unshowable(...)"),
        (Pretends(), "Pretends(...)"),
        ((Unshowable(), Color.GREEN), "(Unshowable(...), Color.GREEN)"),
        (uuid.UUID(int=1), "UUID('00000000-0000-0000-0000-000000000001')"),
        (datetime.date(2026, 5, 8), "datetime.date(2026, 5, 8)"),
        (pathlib.PurePosixPath("a/b"), "PurePosixPath('a/b')"),
        (decimal.Decimal("1.5"), "Decimal('1.5')"),
        (decimal.Decimal(10**6000), f"Decimal('1{'0' * 70}..."),
        (datetime.datetime(2026, 5, 8, tzinfo=Zone()), "datetime(...)"),
        ("commit 0xabcdef123", "'commit 0xabcdef123'"),
    ],
    ids=lambda value: value if type(value) is str and len(value) < 50 else "",
)
def test_a_key_is_described_by_its_contents_or_its_type(key, words):
    assert words_for(key) == words


def test_no_repr_of_the_program_is_called_however_many_keys_stand_before():
    chunk = bytes(bytearray(500))
    table = {Counted(): None for _ in range(100)} | {Counted(): chunk}
    assert why(chunk, roots={"kept": table})
    assert Counted.calls == 0


def test_keys_that_are_ids_are_described_by_what_they_are_ids_of():
    session = Slotted(7)
    assert str(why(session, roots={"kept": {id(session): session}})) == (
        "kept -> dict[id of Slotted] -> Slotted"
    )
    assert str(why(session, roots={"kept": {("ws", id(session)): session}})) == (
        "kept -> dict[('ws', id of Slotted)] -> Slotted"
    )


def test_a_name_in_the_namespace_of_an_object_may_be_no_string():
    holder, chunk = User(7, "ada"), bytes(bytearray(500))
    holder.__dict__[Unshowable()] = chunk
    assert (
        str(why(chunk, roots={"kept": holder})) == "kept -> User[Unshowable(...)] -> bytes, 500 B"
    )
