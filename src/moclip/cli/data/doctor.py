"""Tell file by file what is wrong with motion data; nothing is changed.

Examples:
  moclip data doctor my_clips
  moclip data doctor clip.bvh
  moclip data doctor bandai_namco:bandai.zip
  moclip data doctor HumanML3D --json
  moclip data doctor my_clips --only jumps bones

PATH is a folder, a zip, a motion file, or a data set NAME[:PATH]; folders with a captions.csv and
those of HumanML3D and KIT-ML are recognised. Errors make a clip unfit for use; warnings are true
and may be meant so. The exit code is 1 when there is an error, with --strict also for a warning.
"""

import ast
import sys
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional, arg

if TYPE_CHECKING:
    from moclip.curation.checks.base import Finding
    from moclip.curation.doctor import Report


def main(
    path: Positional[str],
    /,
    *,
    data: str | None = None,
    only: tuple[str, ...] = (),
    strict: bool = False,
    most: int = 20,
    jobs: Annotated[int, arg(aliases=["-j"])] = -1,
    json: bool = False,
) -> None:
    """Check motion data.

    Args:
        path: folder, zip, motion file, or data set as NAME[:PATH]
        data: read the path as this data set
        only: the checks to make; all if absent
        strict: exit with 1 for a warning too
        most: findings of each check that are printed; JSON has them all
        jobs: processes; -1 takes all cores
        json: print JSON
    """
    from moclip.cli import _output
    from moclip.curation import doctor

    report = doctor.examine(path, data=data, only=only, jobs=jobs)
    print(_output.as_json_text(_as_dict(path, report)) if json else _text(report, most))
    if report.errors or (strict and report.findings):
        sys.exit(1)


def _as_dict(path: str, report: "Report") -> dict[str, Any]:
    counts = {check: dict(count) for check, count in report.counts().items()}
    findings = [asdict(finding) for finding in report.findings]
    return {"path": path, "clips": report.clips, "counts": counts, "findings": findings}


def _text(report: "Report", most: int) -> str:
    """Clip by clip what was found, then how often, then the sum."""
    lines = []
    shown = [finding for _, findings in _by_check(report) for finding in findings[:most]]
    order = {id(finding): number for number, finding in enumerate(report.findings)}
    shown.sort(key=lambda finding: order[id(finding)])
    for clip, group in groupby(shown, key=lambda finding: finding.clip):
        lines.append(clip)
        lines += [f"  {finding.severity}, {finding.check}: {finding.sentence}" for finding in group]
    for check, findings in _by_check(report):
        if len(findings) > most:
            lines.append(f"and {len(findings) - most} more of {check}; --most {len(findings)}")
    if report.findings:
        lines += ["", _summary(report), ""]
    wrong = {finding.clip for finding in report.findings if finding.severity == "error"}
    warned = {finding.clip for finding in report.findings} - wrong
    lines.append(
        f"{report.clips} clips: {len(wrong)} with errors, {len(warned)} with warnings only, "
        f"{report.clips - len(wrong | warned)} in good order"
    )
    return "\n".join(lines)


def _by_check(report: "Report") -> "list[tuple[str, list[Finding]]]":
    return [
        (check, [finding for finding in report.findings if finding.check == check])
        for check in report.counts()
    ]


def _summary(report: "Report") -> str:
    from moclip.cli import _output

    return _output.table(
        [
            {
                "check": check,
                "errors": count["error"],
                "warnings": count["warning"],
                "what": _what(check),
            }
            for check, count in report.counts().items()
        ]
    )


def _what(check: str) -> str:
    """The first line of the check's docstring."""
    from moclip.curation import checks

    source = (Path(checks.__path__[0]) / f"{check}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").splitlines()[0]
