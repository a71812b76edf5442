"""Promises of a block in somebody's file: every byte outside the marks stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from template_creation.deployment.blocks import BrokenMarks, find_block, put_block, remove_block

TEXT = st.text(alphabet="ab \n#`<!->", max_size=40).map(str.encode)


@settings(max_examples=50)
@given(before=TEXT, first=TEXT, second=TEXT)
def test_a_block_put_replaced_and_removed_leaves_the_text_around_it(
    before: bytes, first: bytes, second: bytes
) -> None:
    once = put_block(before, "shop", first)
    assert once.startswith(before)
    twice = put_block(once + b"after\n", "shop", second)
    assert twice.startswith(before)
    assert twice.endswith(b"after\n")
    ended = second if second.endswith(b"\n") else second + b"\n"
    assert find_block(twice, "shop") == ended
    assert remove_block(once, "shop").rstrip(b"\n") == before.rstrip(b"\n")


def test_a_text_that_ends_with_a_line_gets_it_back_byte_for_byte() -> None:
    assert remove_block(put_block(b"mine\n", "shop", b"ours\n"), "shop") == b"mine\n"


def test_windows_line_ends_are_kept_and_make_no_difference() -> None:
    data = put_block(b"mine\r\n", "shop", b"a\nb\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert find_block(data, "shop") == b"a\nb\n"
    assert remove_block(data, "shop") == b"mine\r\n"


def test_blocks_of_two_packages_do_not_touch_each_other() -> None:
    data = put_block(put_block(None, "one", b"1\n"), "two", b"2\n")
    assert find_block(remove_block(data, "one"), "two") == b"2\n"
    assert find_block(put_block(data, "one", b"11\n"), "two") == b"2\n"


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.replace(b"<!-- template-create:end shop -->", b""),
        lambda data: data.replace(b"<!-- template-create:begin shop -->", b""),
        lambda data: data + data,
        lambda data: b"\n".join(reversed(data.split(b"\n"))),
    ],
    ids=["no end", "no begin", "twice", "upside down"],
)
def test_damaged_marks_are_an_error_not_a_guess(damage: Callable[[bytes], bytes]) -> None:
    broken = damage(put_block(b"mine\n", "shop", b"ours\n"))
    with pytest.raises(BrokenMarks):
        find_block(broken, "shop")
