"""A page that plays: all of the motion is in it, and nothing of it is fetched."""

import base64
import json
import re

import moving_bodies
import numpy as np
import pytest
import torch

from moclip.figures import figure
from moclip.motion import Motion
from moclip.rendering.viewer import page


def told(data: bytes) -> dict:  # type: ignore[type-arg]
    found = re.search(r'id="motion">(.*?)</script>', data.decode(), re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def test_the_body_is_in_the_page_to_the_millimetre() -> None:
    motion = moving_bodies.wandering()
    facts, body = told(page(motion)), figure(motion)
    numbers = np.frombuffer(base64.b64decode(facts["points"]), "<i2").reshape(len(motion), -1, 2, 3)
    points = torch.from_numpy(numbers / 1000) + torch.tensor(facts["centre"])
    torch.testing.assert_close(points[:, :, 0].float(), body.starts, atol=6e-4, rtol=0)
    torch.testing.assert_close(points[:, :, 1].float(), body.ends, atol=6e-4, rtol=0)
    assert (facts["frames"], facts["fps"]) == (len(motion), motion.fps)
    assert len(facts["radii"]) == len(facts["sides"]) == numbers.shape[1]


def test_a_title_is_words_and_no_page() -> None:
    text = page(moving_bodies.wandering(), title="<script>alert(1)</script>{{motion}}").decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_nothing_is_fetched_and_nothing_is_left_to_fill_in() -> None:
    text = page(moving_bodies.wandering()).decode()
    assert not re.search(r"https?://|src=|href=|import\(|fetch\(", text)
    assert "{{" not in text


def test_fast_captures_are_thinned() -> None:
    fast = moving_bodies.wandering(120, fps=120.0)
    facts = told(page(fast))
    assert facts["fps"] == 30.0
    assert facts["frames"] / 30 == pytest.approx(len(fast) / 120, abs=0.05)


def test_a_motion_that_leaves_is_refused() -> None:
    motion = moving_bodies.wandering()
    far = motion.joints + torch.linspace(0, 50, len(motion))[:, None, None]
    with pytest.raises(ValueError, match="goes farther than 32 m"):
        page(Motion(far, motion.fps, motion.skeleton))
