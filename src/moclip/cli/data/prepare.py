"""Turn a data set, or any motion files, into a few large files that open at once.

Examples:
  moclip data prepare bandai_namco --source bandai.zip -o data/bandai
  moclip data prepare files --source my_captures -o data/captures --skeleton own --fps 60
  moclip data prepare folder --source my_clips -o data/clips --mirror --jobs 8
  moclip data prepare humanml3d --amass AMASS --body-model smplh --texts HumanML3D -o data/h3d
  moclip train my.toml --set data.name=prepared data.root=data/bandai

NAME is a data set (see docs/data.md); `files` takes every motion file in a folder or zip. The
output is the same for any number of jobs. A run that was stopped or killed goes on where it was
when the same command is given again; until it is done it keeps its parts in OUT.work, which takes
as much space as OUT.
"""

import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional, UseAppendAction, arg

from moclip.cli._body import SkeletonFile
from moclip.cli._output import pairs

if TYPE_CHECKING:
    from moclip.datasets._shards import Manifest

_REBUILT = "humanml3d_amass"
_NAMED = 5
"""Of the clips that were left out, in what is printed; the manifest names all."""

Overrides = Annotated[
    UseAppendAction[tuple[tuple[str, ...], ...]], arg(name="set", metavar="KEY=VALUE")
]


def main(
    name: Positional[str],
    /,
    *,
    source: Path | None = None,
    out: Annotated[Path, arg(aliases=["-o"])],
    jobs: int | None = None,
    backend: Literal["loky", "ray"] = "loky",
    address: str | None = None,
    fps: float = 20.0,
    skeleton: str = "humanml3d",
    skeleton_file: SkeletonFile = None,
    mirror: bool = False,
    shard_mb: float = 256.0,
    overrides: Overrides = (),
    amass: Path | None = None,
    body_model: Path | None = None,
    index: Path | None = None,
    texts: Path | None = None,
) -> None:
    """Prepare a data set.

    Args:
        name: a data set, or `files` for any motion files
        source: its folder or zip
        out: folder to write; one that was prepared before is replaced when all is done
        jobs: processes, all cores if absent
        backend: processes of this machine, or those of a Ray cluster that share its disk
        address: of the Ray cluster, as auto or ray://host:10001; found or started if absent
        fps: frame rate of the motions
        skeleton: humanml3d, or own to keep that of the files with its rotations
        skeleton_file: JSON of the files' body, where it is none of ours; of `files` and `folder`
        mirror: add twins with left and right exchanged, in what is said too
        shard_mb: megabytes a file at most
        overrides: other options of the data set, as max_seconds=8
        amass: rebuild humanml3d from this folder of AMASS, with the official cuts
        body_model: with --amass, the folder of SMPL-H's body models as .npz
        index: with --amass, the official index.csv
        texts: with --amass, the official folder with texts/ and the lists of the splits
    """
    from moclip.curation.prepare import prepare

    options = dict(_option(setting) for group in overrides for setting in group)
    if source is not None:
        options["root"] = source
    if skeleton_file is not None:
        options["skeleton_file"] = skeleton_file
    rebuilt = {"root": amass, "body_models": body_model, "index": index, "texts": texts}
    if any(rebuilt.values()):
        name = _rebuilt(name, amass, source)
        options |= {key: path for key, path in rebuilt.items() if path is not None}
    try:
        manifest = prepare(
            name,
            out,
            options=options,
            fps=fps,
            skeleton=skeleton,
            mirror=mirror,
            jobs=jobs,
            backend=backend,
            address=address,
            shard_mb=shard_mb,
        )
    except KeyboardInterrupt:
        print(f"stopped; the same command goes on with what is in {out}.work", file=sys.stderr)
        raise
    print(pairs(_facts(manifest)))
    print(f"{out} holds them; try: moclip train RECIPE --set data.name=prepared data.root={out}")


def _rebuilt(name: str, amass: Path | None, source: Path | None) -> str:
    """The data set that reads AMASS. Raises ``ValueError`` for flags that do not go together."""
    if name not in ("humanml3d", _REBUILT) or amass is None or source is not None:
        raise ValueError(
            "--body-model, --index and --texts go with `humanml3d --amass FOLDER`, without --source"
        )
    return _REBUILT


def _option(setting: str) -> tuple[str, Any]:
    """The value is read as in a recipe: a number, true, a text with or without quotes."""
    key, equals, text = setting.partition("=")
    if not equals or not key.strip():
        raise ValueError(f"'{setting}' is no option; wanted KEY=VALUE, as max_seconds=8")
    try:
        return key.strip(), tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), text


def _facts(manifest: "Manifest") -> list[tuple[str, str]]:
    splits = ", ".join(f"{count:,} {split}" for split, count in manifest.splits.items())
    size = sum(shard.bytes for shard in manifest.shards) / 1e6
    count, some = len(manifest.left_out), list(manifest.left_out.items())[:_NAMED]
    named = [f"{clip}: {why}" for clip, why in some]
    if count > len(some):
        named.append(f"and {count - len(some):,} more, all in manifest.json")
    return [
        ("clips", f"{manifest.clips:,} ({splits})"),
        ("time", f"{manifest.hours:.2f} h at {manifest.fps:g} fps, {manifest.frames:,} frames"),
        ("captions", f"{manifest.captions:,}"),
        ("shards", f"{len(manifest.shards)}, {size:,.1f} MB"),
        ("licence", manifest.licence),
        ("left out", "\n".join([f"{count:,}", *named])),
    ]
