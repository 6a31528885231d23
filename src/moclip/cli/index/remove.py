"""Take clips out of an index: by file, folder or data set, or by the id that search shows.

Examples:
  moclip index remove my.index my_clips/walk.bvh
  moclip index remove my.index my_clips/old
  moclip index remove my.index bandai_namco:bandai.zip
  moclip index remove my.index 3c55a6414af986c9-0

The files themselves are left alone.
"""

from pathlib import Path

from tyro.conf import Positional

from moclip.cli import _library


def main(index: Positional[Path], what: Positional[tuple[str, ...]], /) -> None:
    """Remove from an index.

    Args:
        index: what `moclip index build` wrote
        what: files, folders, data sets as NAME or NAME:PATH, or ids of clips
    """
    if not what:
        raise ValueError("nothing to remove; give files, folders or ids after the index")
    library = _library.opened(index)
    from moclip.tasks.library import changing

    gone = sum(changing.remove(library, one) for one in what)
    print(f"{index}: {gone} clips removed; {len(library)} left")
