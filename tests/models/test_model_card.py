"""Model cards: what the hub reads at their top, what people read below, and what is kept."""

from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from moclip.models import model_card
from moclip.models.model_card import About, Paperwork
from moclip.models.two_tower import MoCLIP

ABOUT = About(
    title="A model",
    lead="It does something.",
    parts={"text tower": "`clip`"},
    code="import moclip",
    use="Looking.",
    limits=("It knows little.", "It is slow."),
    tags=("testing",),
    task="feature-extraction",
    base="openai/clip-vit-base-patch32",
)
TOLD = Paperwork(
    card="Ran for an hour.\n", data=("bandai_namco",), licence="cc-by-nc-4.0", recipe="seed = 1\n"
)


def test_the_hub_reads_the_first_lines() -> None:
    """Strictly: huggingface_hub raises for figures or tags that are no such."""
    data = ModelCard(model_card.render(ABOUT, TOLD)).data.to_dict()
    assert data == {
        "base_model": "openai/clip-vit-base-patch32",
        "datasets": ["bandai_namco"],
        "library_name": "moclip",
        "license": "cc-by-nc-4.0",
        "pipeline_tag": "feature-extraction",
        "tags": ["moclip", "human-motion", "testing"],
    }


def test_terms_that_the_hub_has_no_name_for_are_named() -> None:
    data = ModelCard(model_card.render(ABOUT, Paperwork(data=("bundled",)))).data
    assert (data.license, data.license_name) == ("other", "terms-of-the-training-data")
    assert ModelCard(model_card.render(ABOUT, Paperwork())).data.license_name is None


def test_people_read_use_limits_and_training() -> None:
    page = model_card.render(ABOUT, TOLD)
    parts = ["# A model", "| text tower | `clip` |", "## Intended use", "## Limits", "## Training"]
    places = [page.index(part) for part in (*parts, "Ran for an hour.")]
    assert places == sorted(places)
    assert "- It knows little.\n- It is slow.\n" in page
    assert "Nothing is known of it" in model_card.render(ABOUT, Paperwork())


@pytest.mark.parametrize("told", [TOLD, Paperwork(), Paperwork(card="Long.\n", data=("a", "b"))])
def test_what_was_told_is_read_back(told: Paperwork) -> None:
    page = model_card.render(ABOUT, told)
    assert model_card.read(page, told.recipe) == told


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("", Paperwork()),
        ("# No lines of the hub\n\n## Training\n\nLong.\n", Paperwork(card="Long.\n")),
        ("---\nlicense: [\n---\n## Training\n\nLong.\n", Paperwork(card="Long.\n")),
        ("---\ndatasets: one\nlicense: mit\n---\n", Paperwork(data=("one",), licence="mit")),
        ("---\n- a list\n---\n", Paperwork()),
    ],
)
def test_a_page_that_others_edited_keeps_no_model_from_loading(page: str, told: Paperwork) -> None:
    assert model_card.read(page) == told


def test_a_folder_is_not_told_as_the_base_model(model: MoCLIP, tmp_path: Path) -> None:
    model.save_pretrained(tmp_path)
    data = ModelCard.load(tmp_path / "README.md").data
    assert data.base_model is None
    assert data.library_name == "moclip"
    model.text.source = "openai/clip-vit-base-patch32"
    model.save_pretrained(tmp_path)
    assert ModelCard.load(tmp_path / "README.md").data.base_model == "openai/clip-vit-base-patch32"


def test_data_and_licence_survive_loading_and_saving(model: MoCLIP, tmp_path: Path) -> None:
    model.paperwork = TOLD
    model.save_pretrained(tmp_path / "first")
    MoCLIP.from_pretrained(tmp_path / "first").save_pretrained(tmp_path / "second", card="More.")
    data = ModelCard.load(tmp_path / "second" / "README.md").data
    assert (data.license, data.datasets) == ("cc-by-nc-4.0", ["bandai_namco"])
    assert "More." in (tmp_path / "second" / "README.md").read_text()
    assert (tmp_path / "second" / "recipe.toml").read_text() == "seed = 1\n"
