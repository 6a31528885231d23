"""Make motion from words.

Examples:
  moclip generate runs/motionclip_bandai "an elderly person walks" --length 4s -o walk.bvh
  moclip generate runs/motionclip_bandai "a person runs" -n 3 --seed 7 -o run.gif
  moclip generate runs/motionclip_bandai --file prompts.txt -o made
  moclip generate runs/motionclip_paper --image photo.png --length 2s -o pose.bvh

The suffix of -o says what is written: a motion file (.bvh, .csv, .glb, .npy, .npz), an animation
(.gif, .mp4), a page that plays it (.html) or a sheet of poses (.png); a folder gets a .bvh of each
motion and a sheet of all. The same seed and prompt give the same motion. A file of prompts has one
a line.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import Positional, arg

from moclip.cli._device import Device


def main(
    model: Positional[str],
    prompts: Positional[tuple[str, ...]] = (),
    /,
    *,
    out: Annotated[Path, arg(aliases=["-o"])],
    length: str = "3s",
    n: Annotated[int, arg(aliases=["-n"])] = 1,
    seed: int = 0,
    file: Path | None = None,
    image: Path | None = None,
    image_tower: str | None = None,
    guidance: float | None = None,
    bridge: Literal["prior", "centre", "none"] = "prior",
    json: bool = False,
    device: Device = "auto",
) -> None:
    """Generate motion.

    Args:
        model: folder of a trained MotionCLIP or generator, or its id on the Hugging Face hub
        prompts: what the motions should show
        out: file or folder to write
        length: of each motion, as 3s or 800ms
        n: motions for each prompt
        seed: of the first motion of each prompt; the others take the numbers after it
        file: text file with a prompt a line
        image: photo to generate from, for a MotionCLIP whose text tower is a CLIP's
        image_tower: hub id or folder of that CLIP, where the model does not tell it
        guidance: how closely to keep to the words; 1 is not at all more than was learned
        bridge: how MotionCLIP gets from a caption's vector to a motion's
        json: print JSON
        device: where to compute
    """
    from moclip.cli import _inputs, _model, _motions, _output

    wanted = [_inputs.caption(prompt) for prompt in prompts]
    wanted += _inputs.captions(file) if file else []
    if not wanted and image is None:
        raise ValueError("there is no prompt; wanted words to generate from, --file or --image")
    if n < 1:
        raise ValueError(f"-n is {n}, wanted at least 1")
    span = _motions.seconds(length)
    _motions.check(out)
    generator = _model.generator(model, device)
    how: dict[str, Any] = {} if guidance is None else {"guidance": guidance}
    if _model.kind(model) == "motionclip":
        how |= {"way": bridge}
    seen = None if image is None else _seen(generator.model, image, image_tower)
    made = []
    for number in range(seed, seed + n):
        if wanted:
            made += generator.motions(wanted, seconds=span, seed=number, **how)
        if seen is not None:
            there = generator.model.across(seen, span, seed=number, **how)
            made += generator.model.decode(there, span)
    names = wanted + ([image.name] if image else [])
    endings = [f" ({number + 1})" if n > 1 else "" for number in range(n)]
    titles = [name + ending for ending in endings for name in names]
    _output.show(_motions.write([m.to("cpu") for m in made], titles, out), as_json=json)


def _seen(model: Any, photo: Path, source: str | None) -> Any:
    """The unit vector of a photo, in the space of the model's text tower."""
    from moclip.models.image import ImageTower, read_picture
    from moclip.models.two_tower import unit

    picture = read_picture(photo)
    if getattr(model, "text_name", None) != "clip":
        raise ValueError("--image needs a MotionCLIP whose text tower is a CLIP's; this is another")
    tower = ImageTower.from_pretrained(source or model.text.source)
    if tower.dim != model.dim:
        raise ValueError(f"the image tower has {tower.dim} dimensions, the model {model.dim}")
    return unit(tower.encode([picture])).to(model.mean.device)
