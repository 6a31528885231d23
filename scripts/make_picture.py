"""Draws the README's picture: clips that training never saw, and what a model makes of them.

    python scripts/make_picture.py runs/demo docs/picture.png

To the left a film strip of each clip (test split of the bundled data set, a clip an action), to the
right the cosines of all these clips with a caption of each. Nothing is chosen by the result.
"""

import argparse
import io
import math
import textwrap
from pathlib import Path

import matplotlib
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from torch import Tensor

from moclip import MoCLIP, datasets, files, geometry
from moclip.motion import CaptionedMotion, Motion

POSES, APART = 11, 0.9
LEFT, RIGHT, MIDDLE = "#d1495b", "#00798c", "#444444"
_ACTIONS = ("walk", "run", "jump", "dribble", "soccer_kick", "dance", "direct_traffic")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="folder of a trained model")
    parser.add_argument("picture", type=Path, help="the .png to write")
    arguments = parser.parse_args()
    matplotlib.use("agg")
    clips = chosen()
    model = MoCLIP.from_pretrained(arguments.model)
    with torch.inference_mode():
        cosines = model.similarity([c.motion for c in clips], [c.captions[0] for c in clips])
    files.write_atomically(arguments.picture, picture(clips, cosines))


def chosen() -> list[CaptionedMotion]:
    """The first test clip of each action."""
    test = datasets.load("bundled", "test")
    firsts = {action: next(c for c in test if c.labels["action"] == action) for action in _ACTIONS}
    return list(firsts.values())


def picture(clips: list[CaptionedMotion], cosines: Tensor) -> bytes:
    figure, axes = plt.subplots(
        len(clips), 2, figsize=(11, 6.4), width_ratios=(1, 1.4), layout="constrained"
    )
    for strip, clip in zip(axes[:, 0], clips, strict=True):
        draw_strip(strip, clip.motion)
    for below in axes[:, 1]:
        below.remove()
    draw_matrix(figure.add_subplot(axes[0, 1].get_gridspec()[:, 1]), clips, cosines)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    plt.close(figure)
    return buffer.getvalue()


def draw_strip(axes: Axes, motion: Motion) -> None:
    """Poses at even times, side by side, seen from ahead and a little from the side."""
    view = geometry.axis_rotation("Y", torch.tensor(-math.pi / 4))
    for place, frame in enumerate(torch.linspace(0, len(motion) - 1, POSES).long().tolist()):
        pose = motion.joints[frame]
        pose = (pose - pose[0] * pose.new_tensor((1.0, 0.0, 1.0))) @ view.T
        for joint, parent in enumerate(motion.skeleton.parents[1:], start=1):
            x, y, _ = pose[[joint, parent]].unbind(-1)
            name = motion.skeleton.joint_names[joint]
            color = {"left": LEFT, "righ": RIGHT}.get(name[:4], MIDDLE)
            axes.plot(x + APART * place, y, color=color, linewidth=1.3, solid_capstyle="round")
    axes.set(aspect="equal", xlim=(-0.6, APART * POSES - 0.3), ylim=(-0.05, 1.9))
    axes.axis("off")


def draw_matrix(axes: Axes, clips: list[CaptionedMotion], cosines: Tensor) -> None:
    """A row a clip, a column a caption; the right one lies on the diagonal."""
    axes.imshow(cosines, cmap="Blues", aspect="auto")
    for row, column in torch.cartesian_prod(*map(torch.arange, cosines.shape)).tolist():
        value = float(cosines[row, column])
        dark = value > float(cosines.min() + cosines.max()) / 2
        color = "white" if dark else "black"
        axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=color, fontsize=8)
    captions = [wrapped(clip.captions[0]) for clip in clips]
    axes.set_xticks(range(len(clips)), captions, rotation=35, ha="right", fontsize=8)
    axes.set_yticks([])
    axes.set_title("cosine of each clip with each caption", fontsize=9)


def wrapped(caption: str, width: int = 26) -> str:
    return "\n".join(textwrap.wrap(caption, width))


if __name__ == "__main__":
    main()
