"""CLIP's image tower beside transformers' own, and photos that are none."""

from pathlib import Path

import numpy as np
import pytest
import torch
import whole_clip
from PIL import Image
from transformers import CLIPModel
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from moclip.models.image import ImageTower, read_picture
from moclip.models.text import clip as clip_text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return whole_clip.write_whole(tmp_path_factory.mktemp("clip"))


@pytest.fixture
def photo() -> Image.Image:
    draw = np.random.default_rng(0)
    small = draw.integers(0, 255, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((160, 97), Image.Resampling.BILINEAR)


def test_vectors_are_those_of_transformers(folder: Path, photo: Image.Image) -> None:
    tower = ImageTower.from_pretrained(str(folder))
    processor = CLIPImageProcessorPil(
        size={"shortest_edge": tower.size}, crop_size={"height": tower.size, "width": tower.size}
    )
    pixels = processor(photo, return_tensors="pt")["pixel_values"]
    torch.testing.assert_close(tower.prepare(photo)[None], pixels, atol=2e-2, rtol=0)
    whole = CLIPModel.from_pretrained(folder)
    with torch.no_grad():
        hidden = whole.vision_model(pixel_values=pixels).pooler_output
        wanted = whole.visual_projection(hidden)
    torch.testing.assert_close(tower(pixels), wanted, atol=1e-5, rtol=0)
    cosine = torch.nn.functional.cosine_similarity(tower.encode([photo]), wanted)
    assert float(cosine) > 0.999


def test_it_has_the_width_of_its_text_tower(folder: Path) -> None:
    text = clip_text.Encoder.from_pretrained(str(folder))
    assert ImageTower.from_pretrained(str(folder)).dim == text.dim


def test_drawn_pictures_go_in_as_they_are(folder: Path) -> None:
    tower = ImageTower.from_pretrained(str(folder))
    drawn = torch.randint(0, 255, (3, tower.size, tower.size, 3), dtype=torch.uint8)
    photos = [Image.fromarray(picture.numpy()) for picture in drawn]
    torch.testing.assert_close(tower.encode(drawn), tower.encode(photos), atol=1e-5, rtol=0)


def test_a_folders_own_preparation_comes_first(tmp_path: Path, photo: Image.Image) -> None:
    folder = whole_clip.write_whole(tmp_path)
    plain = ImageTower.from_pretrained(str(folder)).prepare(photo)
    (folder / "preprocessor_config.json").write_text(
        '{"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}'
    )
    other = ImageTower.from_pretrained(str(folder)).prepare(photo)
    assert (plain - other).abs().max() > 0.05


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1"])
def test_photos_of_any_mode_are_read(folder: Path, tmp_path: Path, mode: str) -> None:
    Image.new(mode, (50, 80)).save(tmp_path / "photo.png")
    tower = ImageTower.from_pretrained(str(folder))
    assert tower.encode([read_picture(tmp_path / "photo.png")]).shape == (1, tower.dim)


def test_what_is_no_photo_is_told(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n nothing")
    with pytest.raises(ValueError, match=r"photo\.png is (no picture|damaged)"):
        read_picture(tmp_path / "photo.png")
    with pytest.raises(FileNotFoundError, match="there is no picture"):
        read_picture(tmp_path / "none.png")


def test_a_photo_beyond_bounds_is_refused_before_it_is_read(tmp_path: Path) -> None:
    Image.new("1", (10_000, 8_000)).save(tmp_path / "huge.png")
    with pytest.raises(ValueError, match="pixels, more than 64,000,000"):
        read_picture(tmp_path / "huge.png")


def test_a_text_tower_alone_has_no_pictures(tmp_path: Path) -> None:
    import small_clip

    folder = small_clip.write_text_tower(tmp_path / "text")
    with pytest.raises(ValueError, match="wanted"):
        ImageTower.from_pretrained(str(folder))
