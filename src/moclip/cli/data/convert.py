"""Convert motion files: format, body, frame rate; or a whole folder of them.

Examples:
  moclip data convert walk.bvh walk.npz
  moclip data convert vecs.npy joints.npy
  moclip data convert cmu.bvh out.bvh --to-skeleton humanml3d --fps 20
  moclip data convert walk.bvh on_my_rig.bvh --to-skeleton my_rig.bvh
  moclip data convert walk.npz walk.glb --to-skeleton mixamo
  moclip data convert walk.bvh walk.amass.npz
  moclip data convert joints.npy vecs.npy --features humanml263
  moclip data convert captures converted --to .bvh

The format of a file follows from its suffix, that of an array from its shape: (frames, 263) are
HumanML3D's features, (frames, 22, 3) its joints. A name that ends in .amass.npz is written as AMASS
has its files (SMPL-H's poses, neutral body); any other .npz is ours, without loss. Of a folder
every motion file in it is converted and the tree of folders kept; files that cannot be read are
named and skipped, and the exit code is then 1. Every file appears whole or not at all.

A motion brought onto another body gets rotations from that body's rest pose, so that it drives its
rig; feet that stand are held. Joints that HumanML3D's body lacks, as fingers, stay as they rest.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tyro.conf import Positional

from moclip.cli import _body
from moclip.cli._body import SkeletonFile

if TYPE_CHECKING:
    from moclip.curation.convert import Change
    from moclip.skeletons import UserSkeleton


def main(
    source: Positional[Path],
    target: Positional[Path],
    /,
    *,
    to_skeleton: str | None = None,
    fps: float | None = None,
    features: str | None = None,
    unit: str | None = None,
    skeleton_file: SkeletonFile = None,
    to: str | None = None,
) -> None:
    """Convert one file or a folder.

    Args:
        source: a motion file, or a folder of them
        target: the file to write, or the folder
        to_skeleton: body to bring the motion onto: a name, such as mixamo, or a file of your own, a
            BVH of your rig or a JSON skeleton; humanml3d, which models read, keeps bone lengths
        fps: frames per second to resample to
        features: feature set to write into an .npy, such as humanml263
        unit: what the file counts in (m, cm, mm, inch, foot), where it is not to be guessed
        skeleton_file: JSON of the body in motion files, where it is none of ours
        to: suffix of the files in the target folder, such as .bvh
    """
    from moclip.curation.convert import Change, convert

    change, body = Change(to_skeleton, fps, features), _body.read(skeleton_file)
    if source.is_dir():
        if unit is not None:
            raise ValueError("--unit is of use only with one file")
        _folder(source, target, to, change, body)
        return
    if to is not None:
        raise ValueError("--to is of use only with a folder; a file's own name says its format")
    options = {} if unit is None else {"unit": unit}
    motion = convert(source, target, change, skeleton=body, **options)
    what = f"{features} of " if features else ""
    print(
        f"{target}: {what}{len(motion)} frames at {motion.fps:g} fps, {len(motion.skeleton)} joints"
    )


def _folder(
    source: Path, target: Path, to: str | None, change: "Change", body: "UserSkeleton | None"
) -> None:
    from moclip.curation.convert import Skipped, convert_folder

    suffix = to or (".npy" if change.features else None)
    if suffix is None:
        raise ValueError("a folder needs --to, the suffix of the files to write, such as --to .bvh")
    done = 0
    skipped = []
    made = convert_folder(source, target, f".{suffix.removeprefix('.')}", change, skeleton=body)
    for _, result in made:
        if isinstance(result, Skipped):
            skipped.append(result)
            print(f"moclip: skipped {result.path}: {result.why}", file=sys.stderr)
        else:
            done += 1
    if not done and not skipped:
        raise ValueError(f"{source} holds no motion files")
    print(f"{target}: {done} files converted, {len(skipped)} skipped")
    if skipped:
        sys.exit(1)
