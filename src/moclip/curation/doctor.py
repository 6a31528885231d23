"""Tells what is wrong with motion data, file by file; reads everything and changes nothing.

What can be wrong is the catalogue of :mod:`moclip.curation.checks`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import joblib
from tqdm import tqdm

from moclip import catalog
from moclip.curation import _patients
from moclip.curation._patients import Patients
from moclip.curation.checks.base import Card, Case, Fault, Finding, card
from moclip.datasets._plan import File

_CHECKS = "curation.checks"
_CHUNK = 16
"""Files a process looks at between two steps of the progress bar."""


@dataclass(frozen=True)
class Report:
    """All that was found."""

    findings: tuple[Finding, ...]
    """In the order of the clips; what concerns the whole set comes last."""
    clips: int
    """Looked at, those that cannot be read too."""

    @property
    def errors(self) -> int:
        return sum(finding.severity == "error" for finding in self.findings)

    def counts(self) -> Mapping[str, Counter[str]]:
        """For each check that found something, how many errors and warnings."""
        counts: dict[str, Counter[str]] = {}
        for finding in self.findings:
            counts.setdefault(finding.check, Counter())[finding.severity] += 1
        return dict(sorted(counts.items()))


def examine(
    path: str, *, data: str | None = None, only: Sequence[str] = (), jobs: int = -1
) -> Report:
    """Every check, or ``only`` some, on all that ``path`` holds: a data set ``NAME[:PATH]``, or a
    folder, zip or file, read as the data set ``data`` or as what its layout says.

    Files are shared out to ``jobs`` processes (-1: as many as there are cores). Raises
    ``LookupError`` for an unknown data set or check, ``ValueError`` or ``OSError`` where there is
    nothing to look at.
    """
    checks = tuple(only) or tuple(catalog.names(_CHECKS))
    for name in checks:
        catalog.load(_CHECKS, name, "HIDES")
    patients = _patients.find(path, data)
    findings = [finding for case in patients.known for finding in examine_case(case, checks)]
    cards: list[Card] = []
    clips = len(patients.known)
    for found, seen in _rounds(patients, checks, jobs):
        findings += found
        cards += seen
        clips += len(seen)
    findings += compare(cards, checks)
    return Report(tuple(findings), clips)


def examine_case(case: Case, checks: Sequence[str]) -> list[Finding]:
    """What the checks of single clips find, without what only repeats a graver finding."""
    found: list[Finding] = []
    for name in checks:
        look = _part(name, "look")
        found += [_finding(name, case.id, fault) for fault in look(case)] if look else []
    errors = {finding.check for finding in found if finding.severity == "error"}
    hidden = {other for check in errors for other in catalog.load(_CHECKS, check, "HIDES")}
    return [finding for finding in found if finding.check not in hidden]


def compare(cards: Sequence[Card], checks: Sequence[str]) -> list[Finding]:
    """What the checks of whole sets find."""
    found: list[Finding] = []
    for name in checks:
        between = _part(name, "compare")
        found += [_finding(name, clip, fault) for clip, fault in between(cards)] if between else []
    return found


def _rounds(
    patients: Patients, checks: Sequence[str], jobs: int
) -> Iterator[tuple[list[Finding], list[Card]]]:
    """Part by part, in the order of the files, with a progress bar where someone watches."""
    files = patients.files
    chunks = [files[at : at + _CHUNK] for at in range(0, len(files), _CHUNK)]
    with (
        joblib.parallel_config("loky", inner_max_num_threads=1),
        tqdm(total=len(files), desc="looking at", unit="file", disable=None) as bar,
    ):
        results = joblib.Parallel(1 if len(chunks) < 4 else jobs, return_as="generator")(
            joblib.delayed(_examine)(
                patients.dataset, patients.options, patients.are_described, chunk, tuple(checks)
            )
            for chunk in chunks
        )
        for chunk, result in zip(chunks, results, strict=True):
            yield result
            bar.update(len(chunk))


def _examine(
    dataset: str, options: Any, are_described: bool, files: Sequence[File], checks: Sequence[str]
) -> tuple[list[Finding], list[Card]]:
    findings: list[Finding] = []
    cards: list[Card] = []
    for case in _patients.read(dataset, options, are_described, files):
        findings += examine_case(case, checks)
        cards.append(card(case))
    return findings, cards


def _part(check: str, name: str) -> Any:
    """``look`` or ``compare`` of a check, or ``None``."""
    try:
        return catalog.load(_CHECKS, check, name)
    except AttributeError:
        return None


def _finding(check: str, clip: str, fault: Fault) -> Finding:
    return Finding(fault.sentence, fault.severity, fault.frame, fault.joint, check, clip)
