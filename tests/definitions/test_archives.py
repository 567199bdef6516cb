"""A definition in an archive is taken whole or refused: no member is left out, and damage is said, not raised."""

from __future__ import annotations

import io
import zipfile

import pytest

from definitions.problems import DefinitionRefused
from definitions.reader import MAX_BYTES, read_uploads
from tests.contracts.samples import unreadable


def archive(**members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(f"{name}.toml", content)
    return target.getvalue()


def test_a_member_over_the_limit_is_refused_not_left_out() -> None:
    noise = b"".join(b"# %032x\n" % (n * 2654435761 % 2**127) for n in range(MAX_BYTES // 35 + 10))
    with pytest.raises(DefinitionRefused):
        read_uploads([("c.zip", archive(contract=b"format = 1\n", large=noise))])


def test_a_member_with_damaged_content_is_refused() -> None:
    content = bytearray(archive(contract=b"format = 1\n" + bytes(range(48, 122)) * 40))
    content[60:70] = b"\xff" * 10
    with pytest.raises(DefinitionRefused):
        read_uploads([("c.zip", bytes(content))])


@pytest.mark.parametrize("changed", [{"method": 99}, {"version": 99, "method": 8}])
def test_a_member_packed_in_a_way_nobody_here_knows_is_refused(changed: dict[str, int]) -> None:
    content = archive(contract=b"format = 1\n", other=b"format = 1\n")
    with pytest.raises(DefinitionRefused) as refusal:
        read_uploads([("c.zip", unreadable(content, "other.toml", **changed))])
    assert [problem.code for problem in refusal.value.problems] == ["bad_archive"]
