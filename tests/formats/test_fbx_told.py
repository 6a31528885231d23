"""FBX is not read or written: who has such a file is told what to do."""

from pathlib import Path

import pytest
import torch

from moclip import Motion, formats, skeletons


@pytest.mark.parametrize("name", ["walk.fbx", "WALK.FBX"])
def test_the_way_from_fbx_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"Kaydara FBX Binary  \0")
    wanted = (
        f"{name}: no format '.fbx'; there are: {', '.join(formats.suffixes())}; "
        "export it from Blender or another program as .glb or .bvh"
    )
    for read in (lambda: formats.read(tmp_path / name), lambda: formats.decode(b"", name)):
        with pytest.raises(ValueError, match="no format") as caught:
            read()
        assert str(caught.value) == wanted


def test_who_writes_is_told_what_can_be_written(tmp_path: Path) -> None:
    motion = Motion(torch.zeros(2, 22, 3), 20.0, skeletons.get("humanml3d"))
    with pytest.raises(ValueError, match="no format") as caught:
        formats.write(motion, tmp_path / "a.fbx")
    there = ", ".join(formats.suffixes(written=True))
    assert str(caught.value) == f"a.fbx: no format '.fbx'; there are: {there}"
