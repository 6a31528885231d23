"""Small BVH files for tests, and a reader that is slow and plain."""

import math

HEADER = """HIERARCHY
ROOT hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT knee
  {
    OFFSET 0 -40 5
    CHANNELS 3 Yrotation Zrotation Xrotation
    End Site
    {
      OFFSET 0 -45 0
    }
  }
}
"""
"""Nine channels; joint names begin on lines 2 and 6, the text has 15 lines."""
ROWS = ["0 90 0 0 0 0 0 0 0", "1 90 2 10 20 30 40 50 60", "1 90 4 -10 5 30 -40 5 6"]


def bvh(
    rows: list[str] | None = None,
    *,
    header: str = HEADER,
    frames: str | None = None,
    time: str = "0.05",
) -> bytes:
    rows = ROWS if rows is None else rows
    frames = str(len(rows)) if frames is None else frames
    return "\n".join([f"{header}MOTION\nFrames: {frames}\nFrame Time: {time}", *rows, ""]).encode()


Matrix = list[list[float]]


def product(a: Matrix, b: Matrix) -> Matrix:
    return [
        [sum(x * y for x, y in zip(row, column, strict=True)) for column in zip(*b, strict=True)]
        for row in a
    ]


def turn(axis: str, degrees: float) -> Matrix:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return {
        "X": [[1, 0, 0], [0, c, -s], [0, s, c]],
        "Y": [[c, 0, s], [0, 1, 0], [-s, 0, c]],
        "Z": [[c, -s, 0], [s, c, 0], [0, 0, 1]],
    }[axis]


def plain_positions(data: bytes) -> list[dict[str, list[float]]]:
    """Where every joint is in each frame, in the file's unit; one matrix at a time."""
    head, body = data.decode().split("MOTION")
    stack: list[str] = []
    parent: dict[str, str | None] = {}
    offset: dict[str, list[float]] = {}
    channels: list[tuple[str, str]] = []
    for line in head.splitlines():
        words = line.split()
        match words[:1]:
            case ["ROOT"] | ["JOINT"]:
                parent[words[1]] = stack[-1] if stack else None
                stack.append(words[1])
            case ["End"]:
                stack.append("")
            case ["OFFSET"] if stack[-1]:
                offset[stack[-1]] = [float(word) for word in words[1:]]
            case ["CHANNELS"]:
                channels += [(stack[-1], channel) for channel in words[2:]]
            case ["}"]:
                stack.pop()
    clip = []
    for line in body.strip().splitlines()[2:]:
        bones = {joint: list(where) for joint, where in offset.items()}
        turned = {joint: turn("X", 0) for joint in offset}
        for (joint, channel), word in zip(channels, line.split(), strict=True):
            if channel.endswith("position"):
                bones[joint]["XYZ".index(channel[0])] = float(word)
            else:
                turned[joint] = product(turned[joint], turn(channel[0], float(word)))
        places: dict[str, list[float]] = {}
        for joint, above in parent.items():
            if above is None:
                places[joint] = bones[joint]
                continue
            column = product(turned[above], [[x] for x in bones[joint]])
            places[joint] = [a + b[0] for a, b in zip(places[above], column, strict=True)]
            turned[joint] = product(turned[above], turned[joint])
        clip.append(places)
    return clip
