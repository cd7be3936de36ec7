"""Notebook values as Python source that gives the same value again."""

import enum
import math
import re
import struct
from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kodisc_jupyter.scene.literals import ARRAY_LIMIT, DEPTH_LIMIT, LIMIT_CHARS, literal

PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text(max_size=20)
    | st.binary(max_size=20)
)
HASHABLE = st.recursive(
    st.integers() | st.text(max_size=5) | st.booleans() | st.none(),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=5,
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(HASHABLE, inner, max_size=4)
        | st.sets(HASHABLE, max_size=4)
    ),
    max_leaves=12,
)


def bits(value):
    """A value in which nan equals itself and -0.0 is not 0.0, types included."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else ("float", struct.pack("d", value))
    if isinstance(value, complex):
        return ("complex", bits(value.real), bits(value.imag))
    if isinstance(value, (list, tuple)):
        return (type(value), [bits(item) for item in value])
    if isinstance(value, dict):
        return [(bits(key), bits(item)) for key, item in value.items()]
    return (type(value), value)


@given(VALUES)
def test_the_literal_is_the_value(value):
    assert bits(eval(literal(value), {})) == bits(value)


@given(VALUES)
def test_a_literal_is_one_line(value):
    assert len(re.split(r"[\n\r]", literal(value))) == 1


@pytest.mark.parametrize(
    "value", [math.inf, -math.inf, -0.0, 1e-320, 0.1 + 0.2, 2**5000, -(7**4000)]
)
def test_odd_numbers_keep_their_value(value):
    assert bits(eval(literal(value), {})) == bits(value)


def test_a_set_is_written_in_the_same_order_every_time():
    assert literal({"b", "a", "c"}) == "{'a', 'b', 'c'}"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (np.float64(0.5), "0.5"),
        (np.int32(7), "7"),
        (np.bool_(True), "True"),
        (np.str_("a"), "'a'"),
        (np.array([1, 2]), '__import__("numpy").array([1, 2], dtype="int64")'),
        (
            np.array([0.5, np.inf], dtype="float32"),
            '__import__("numpy").array([0.5, float("inf")], dtype="float32")',
        ),
    ],
)
def test_numpy_scalars_and_arrays_are_written_out(value, written):
    assert literal(value) == written


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 3)),
        np.array([[True], [False]]),
        np.array([1 + 2j]),
        np.zeros((0, 3)),
        np.array(5.0),
        np.array([np.nan, -0.0]),
        np.arange(6, dtype=">i2").reshape(2, 3),
    ],
)
def test_an_array_comes_back_with_its_shape_and_type(array):
    back = eval(literal(array), {})
    np.testing.assert_array_equal(back, array)
    assert back.shape == array.shape
    assert back.dtype.name == array.dtype.name


def itself():
    value = []
    value.append(value)
    return value


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (object(), "it is an object; only numbers"),
        (len, "it is a builtin_function_or_method; only"),
        (math, "it is a module; only"),
        (enum.Enum("Colour", "RED").RED, "only numbers"),
        (namedtuple("Point", "x y")(1, 2), "Point; only numbers"),  # noqa: PYI024
        ({"inner": [{1: print}]}, "it is a builtin_function_or_method"),
        (itself(), "it contains itself."),
        (nested(DEPTH_LIMIT + 1), f"more than {DEPTH_LIMIT} levels deep"),
        (nested(100_000), "levels deep"),
        ("a" * (LIMIT_CHARS + 1), f"longer than {LIMIT_CHARS:,} characters"),
        (list(range(LIMIT_CHARS)), f"longer than {LIMIT_CHARS:,} characters"),
        (np.zeros(ARRAY_LIMIT + 1), "1,001 elements; at most 1,000"),
        (np.array(["a"]), "only numbers and booleans"),
        (np.array([object()]), "only numbers and booleans"),
        (np.datetime64("2024-01-01"), "it is a NumPy datetime64"),
        (np.ma.array([1]), "it is a numpy.ma.MaskedArray"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_the_reason(value, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        literal(value)


def test_a_value_that_lies_about_its_type_is_refused():
    class Sly(str):
        __slots__ = ()

        def __repr__(self):
            return "__import__('os').getcwd()"

    with pytest.raises(ValueError, match="Sly; only"):
        literal(Sly("x"))
    with pytest.raises(ValueError, match="Sly; only"):
        literal([Sly("x")])
