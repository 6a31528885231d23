"""A folder of sentence-transformers that says what our towers do not do is refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import whole_clip
from transformers import AutoTokenizer, BertConfig, BertModel

from moclip.models import interop
from moclip.models.text import minilm


@pytest.fixture(scope="module")
def towers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small BERT and a small CLIP as our folders."""
    made = {"bert": small_bert(tmp_path_factory.mktemp("bert"))}
    made["clip"] = whole_clip.fine_tuned(whole_clip.write_whole(tmp_path_factory.mktemp("clip")))
    place = tmp_path_factory.mktemp("folders")
    for name, tower in made.items():
        interop.write(tower, "sentence-transformers", place / name)
    return {name: place / name for name in made}


def small_bert(folder: Path) -> minilm.Encoder:
    tokenizer = AutoTokenizer.from_pretrained(minilm.wheel_folder())
    tokenizer.save_pretrained(folder)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = BertConfig(vocab_size=len(tokenizer), intermediate_size=16, **sizes)
        BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return minilm.Encoder.from_pretrained(str(folder))


def saying(folder: Path, out: Path, file: str, table: Any) -> Path:
    """A copy in which a file says something else."""
    shutil.copytree(folder, out)
    (out / file).write_text(json.dumps(table))
    return out


MEAN, LAST = {"pooling_mode_mean_tokens": True}, {"pooling_mode_lasttoken": True}
CLS = {"pooling_mode_cls_token": True}
PLAIN = {"bias": False, "activation_function": "torch.nn.modules.linear.Identity"}
POOLING, DENSE = "1_Pooling/config.json", "2_Dense/config.json"
OTHERS = [
    ("bert", POOLING, CLS, "pools by cls, wanted mean"),
    ("bert", POOLING, MEAN | CLS, "pools by cls, mean, wanted mean"),
    ("bert", POOLING, {"pooling_mode": "max"}, "pools by max, wanted mean"),
    ("bert", POOLING, ["mean"], "config.json is damaged"),
    ("bert", POOLING, {"pooling_mode": 3}, "pools by 3, wanted mean"),
    ("clip", POOLING, MEAN, "pools by mean, wanted lasttoken"),
    ("clip", POOLING, {}, "pools by mean, wanted lasttoken"),
    ("clip", DENSE, PLAIN | {"bias": True}, "2_Dense has bias True, wanted False"),
    ("clip", DENSE, {"bias": False}, "has activation_function 'torch.nn.modules.activation.Tanh'"),
    ("clip", DENSE, PLAIN | {"use_residual": True}, "has use_residual True, wanted False"),
    ("clip", DENSE, PLAIN | {"module_input_name": "x"}, "has module_input_name 'x', wanted"),
]


@pytest.mark.parametrize(("kind", "file", "table", "sentence"), OTHERS)
def test_another_way_to_a_vector_is_refused(
    towers: dict[str, Path], tmp_path: Path, kind: str, file: str, table: Any, sentence: str
) -> None:
    folder = saying(towers[kind], tmp_path / "other", file, table)
    with pytest.raises(ValueError, match=sentence):
        interop.read(folder)


OURS = [
    ("bert", POOLING, MEAN | {"pooling_mode_cls_token": False}),
    ("bert", POOLING, {"embedding_dimension": 16, "pooling_mode": "mean"}),
    ("bert", POOLING, {"pooling_mode": ["mean"]}),
    ("clip", POOLING, LAST),
    ("clip", POOLING, {"pooling_mode": "lasttoken"}),
    ("clip", DENSE, PLAIN | {"use_residual": False, "module_output_name": "sentence_embedding"}),
]


@pytest.mark.parametrize(("kind", "file", "table"), OURS)
def test_every_spelling_of_ours_is_read(
    towers: dict[str, Path], tmp_path: Path, kind: str, file: str, table: Any
) -> None:
    folder = saying(towers[kind], tmp_path / "same", file, table)
    found, wanted = interop.read(folder), interop.read(towers[kind])
    assert torch.equal(whole_clip.vectors(found), whole_clip.vectors(wanted))
