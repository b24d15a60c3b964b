"""Which predictions look driven by the background? A classifier over a folder of photographs, each explained.

    python examples/background_check/background_check.py [FOLDER or FILES] [--weights FILE] [--masks FOLDER]

For each photograph: the predicted class, and which share of what speaks for it lies outside the object. The object is
what a mask says (white in MASKS/name.png), else the central half of the picture. Writes a contact sheet (PNG and HTML)
and a table (CSV and JSON).
"""

import argparse
import csv
import importlib.util
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import background_models
import background_sheet
import numpy as np
from numpy.typing import NDArray

import limefw


HERE = Path(__file__).parent
THRESHOLD = 0.5
"""More than this share of the support outside the object: the prediction looks background-driven."""

MIN_FIDELITY = 0.5
"""An explanation that explains less than this of how the model behaves near the photograph proves nothing."""

CLEARLY = 0.05
"""So much more probability for the other part alone contradicts a verdict."""

KEEPS = 0.25
"""The part that a verdict names must by itself keep this share of the prediction's probability."""

SHIPPED = {
    "skimage": ("astronaut.png", "camera.png", "chelsea.png", "coffee.png", "coins.png", "hubble_deep_field.jpg",
                "motorcycle_left.png", "rocket.jpg"),
    "sklearn": ("china.jpg", "flower.jpg"),
}  # fmt: skip
"""Photographs that two packages carry, so that there is a folder to look at."""


@dataclass(frozen=True)
class Finding:
    """What was found about one photograph.

    Args:
        file: its path.
        prediction: the class that the model thinks likeliest; None where the photograph could not be explained.
        probability: that the model gives it.
        expected: the name of the folder that the file lies in, where that is one of the model's classes.
        region: "mask" or "centre": what stands for the object.
        outside: which share of the positive weight lies outside that region.
        margin: 1.96 standard errors of `outside`: what other random draws would change; None where that is not known.
        even: what `outside` were if the weight lay evenly over the picture: the region's complement's share of it.
        fidelity: of the explanation, cross-fitted (weighted R2 on draws that the surrogate has not seen).
        object_alone: the probability where all outside the region is filled with its mean colour.
        background_alone: the probability where the region is.
        verdict: "background", "object", "no conclusion" or "failed".
        reason: for the verdict, in words.
    """

    file: str
    prediction: str | None = None
    probability: float | None = None
    expected: str | None = None
    region: str | None = None
    outside: float | None = None
    margin: float | None = None
    even: float | None = None
    fidelity: float | None = None
    object_alone: float | None = None
    background_alone: float | None = None
    verdict: str = "failed"
    reason: str = ""


# --- which photographs, and where the object is in them


def shipped() -> list[Path]:
    """Return the photographs that scikit-image and scikit-learn carry, and one cut out of them."""
    folders = {"skimage": "data", "sklearn": "datasets/images"}
    paths = []
    for package, names in SHIPPED.items():
        place = Path(str(importlib.util.find_spec(package).origin)).parent / folders[package]
        paths += [place / name for name in names if (place / name).is_file()]
    return sorted([*paths, HERE / "pictures" / "launch_pad.jpg"], key=lambda path: path.name)


def pictures(sources: Sequence[str | os.PathLike[str]]) -> list[Path]:
    """Return the picture files that are named or lie in (or below) folders that are named."""
    from PIL import Image

    suffixes = set(Image.registered_extensions())
    found: list[Path] = []
    missing = [str(source) for source in sources if not Path(source).exists()]
    if missing:
        raise limefw.InputError(f"there is no file or folder {', '.join(missing)}")
    for source in map(Path, sources):
        inside = sorted(path for path in source.rglob("*") if path.suffix.lower() in suffixes)
        found += inside if source.is_dir() else [source]
    return found


def centre(shape: tuple[int, int], area: float = 0.5) -> NDArray[np.bool_]:
    """Return True in the central rectangle of the picture's own form that covers `area` of it."""
    rows, columns = (np.abs((np.arange(length) + 0.5) / length - 0.5) < np.sqrt(area) / 2 for length in shape)
    return np.logical_and.outer(rows, columns)


def region_of(path: Path, shape: tuple[int, int], masks: Path | None) -> tuple[NDArray[np.bool_], str]:
    """Return where the object is, and how that is known: a mask of the same name, or the centre."""
    from PIL import Image

    file = masks / f"{path.stem}.png" if masks else None
    if file is None or not file.is_file():
        return centre(shape), "centre"
    try:
        with Image.open(file) as mask:
            inside = np.asarray(mask.convert("L").resize(shape[::-1], Image.Resampling.NEAREST)) > 127
    except (OSError, SyntaxError) as error:  # the latter is Pillow's word for a broken PNG
        raise limefw.InputError(f"the mask {file} cannot be read as a picture: it is damaged, or is none") from error
    if inside.all() or not inside.any():
        raise limefw.InputError(f"the mask {file} is of one colour: white is the object, black the background")
    return inside, "mask"


# --- the measure


def share_outside(explanation: limefw.Explanation, inside: NDArray[np.bool_]) -> tuple[float, float | None] | None:
    """Return which share of the positive weight lies outside, and its standard error; None where nothing is positive.

    Each superpixel's effect is spread evenly over its pixels; what speaks against the class is left out. The error is
    None where it is not known, as of fewer draws than superpixels.
    """
    labels, fit = explanation.label_map, explanation.fit()
    known = labels >= 0
    sizes = np.bincount(labels[known], minlength=len(fit.effects))
    outer = np.bincount(labels[known], weights=~inside[known], minlength=len(fit.effects)) / np.maximum(sizes, 1)
    effects = explanation.effects()
    weight = np.where(sizes > 0, np.maximum(effects, 0.0), 0.0)
    total = weight.sum()
    if total <= 0:
        return None
    share = float(weight @ outer / total)
    if fit.covariance is None:
        return share, None
    # to first order: how the ratio moves with each positive effect
    slope = np.where(weight > 0, (outer - share) / total, 0.0)
    return share, float(np.sqrt(max(slope @ fit.covariance @ slope, 0.0)))


def cut_along(recipe: limefw.Recipe, path: Path, masks: Path | None) -> Callable[..., limefw.Segments]:
    """Return the recipe's segmenter with every superpixel cut in two along the object's edge: none straddles it."""

    def segmenter(image: limefw.Image, rng: np.random.Generator, /) -> limefw.Segments:
        labels = recipe.stages["segmenter"](image, rng).labels
        inside, _ = region_of(path, image.shape, masks)
        return limefw.Segments.from_labels(np.where(labels < 0, -1, 2 * labels + inside))

    return segmenter


def asked_directly(
    model: limefw.Model, recipe: limefw.Recipe, path: Path, label: int, masks: Path | None
) -> tuple[float, float]:
    """Return the probability of a class for the object alone and for the background alone: four rows of the model.

    It is the same question with two "superpixels", so that it can be asked outright. What is hidden is filled as the
    recipe says; the hidden object's outline stays to be seen.
    """

    def object_and_background(image: limefw.Image, _rng: np.random.Generator, /) -> limefw.Segments:
        return limefw.Segments.from_labels(region_of(path, image.shape, masks)[0].astype(int))

    asked = limefw.explain(
        path, model, recipe=recipe, labels=[label], segmenter=object_and_background, sampler="bernoulli",
        target="probability", samples=4,
    ).neighbourhood  # fmt: skip
    answers = dict(zip(map(tuple, asked.codes.tolist()), asked.targets[:, 0].tolist(), strict=True))
    return answers[False, True], answers[True, False]


def judged(
    outside: float | None, margin: float | None, fidelity: float | None, threshold: float, least: float
) -> tuple[str, str]:
    """Return the verdict, and the reason in words."""
    if outside is None:
        return "no conclusion", "no superpixel speaks for the prediction"
    if fidelity is None or not fidelity >= least:
        known = "is not known (too few draws)" if fidelity is None else f"is {fidelity:.2f}, less than {least:.2f}"
        return "no conclusion", f"the explanation's fidelity {known}: nothing can be concluded from it"
    if margin is None:
        return "no conclusion", f"{outside:.0%} (± not known) of the support lies outside: draw more samples"
    told = f"{outside:.0%} (± {margin:.0%}) of the support lies outside"
    if outside - margin > threshold:
        return "background", f"{told}, more than {threshold:.0%}"
    if outside + margin <= threshold:
        return "object", f"{told}, no more than {threshold:.0%}"
    return "no conclusion", f"{told}: too near to {threshold:.0%} for so few draws"


def confirmed(finding: Finding) -> Finding:
    """Take a verdict back that the model's answers for the object alone and for the background alone do not bear out.

    They contradict it where the other part alone gives clearly more. Where the part that it names keeps next to nothing
    by itself, the prediction takes both.
    """
    alone = {"object": finding.object_alone or 0.0, "background": finding.background_alone or 0.0}
    if finding.verdict not in alone:
        return finding
    named, whole = alone[finding.verdict], finding.probability or 0.0
    told = f"{finding.outside:.0%} (± {finding.margin:.0%}) of the support lies outside, but "
    if sum(alone.values()) - 2 * named > CLEARLY:
        told += f"the object alone gives {alone['object']:.2f} and the background alone {alone['background']:.2f}: "
        return replace(finding, verdict="no conclusion", reason=f"{told}these disagree")
    if named < KEEPS * whole:
        told += f"the {finding.verdict} alone keeps {named:.2f} of {whole:.2f}: the prediction takes more than that"
        return replace(finding, verdict="no conclusion", reason=told)
    return finding


def examined(
    explanation: limefw.Explanation, inside: NDArray[np.bool_], region: str, path: Path, threshold: float, least: float
) -> Finding:
    """Return what an explanation says about one photograph."""
    label = explanation.labels[0]
    name, answer = next(iter(explanation.outlook.items()))
    odds = "log_odds" in str(explanation.provenance["recipe"]["target"])
    probability = float(1 / (1 + np.exp(-answer))) if odds else answer
    share = share_outside(explanation, inside)
    outside, error = share or (None, None)
    margin = None if error is None else 1.96 * error
    fidelity = explanation.health.labels[label].cross_fitted
    verdict, reason = judged(outside, margin, fidelity, threshold, least)
    return Finding(
        file=str(path), prediction=name, probability=probability, region=region, outside=outside,
        margin=margin, even=float((~inside).mean()), fidelity=fidelity, verdict=verdict, reason=reason,
    )  # fmt: skip


# --- all photographs


def checked(
    paths: Sequence[Path],
    model: limefw.Model,
    recipe: limefw.Recipe,
    *,
    masks: Path | None = None,
    threshold: float = THRESHOLD,
    min_fidelity: float = MIN_FIDELITY,
    pages: Path | None = None,
) -> Iterator[tuple[Finding, background_sheet.Panel | None]]:
    """Yield a finding and its picture for each photograph; one that fails is told, and the next is looked at.

    Args:
        paths: the photographs.
        model: the classifier.
        recipe: how each is explained.
        masks: a folder of object masks, by the photographs' names.
        threshold: the share outside above which a prediction looks background-driven.
        min_fidelity: the cross-fitted fidelity below which nothing is concluded.
        pages: a folder for each explanation's own page, or None.
    """
    classes = {str(name).lower() for name in model.classes or ()}
    for number, path in enumerate(paths):
        try:
            explanation = limefw.explain(path, model, recipe=recipe, segmenter=cut_along(recipe, path, masks))
            inside, region = region_of(path, explanation.label_map.shape, masks)
            finding = examined(explanation, inside, region, path, threshold, min_fidelity)
            alone = asked_directly(model, recipe, path, explanation.labels[0], masks)
            finding = confirmed(replace(finding, object_alone=alone[0], background_alone=alone[1]))
            panel = background_sheet.panel(explanation, inside)
            if pages is not None:
                explanation.render("html").save(pages / f"{number:03d}-{path.stem}.html")
        except Exception as error:  # noqa: BLE001 - one bad file must not cost the others
            yield Finding(str(path), reason=told(error)), None
            continue
        folder = path.parent.name.replace("_", " ").lower()
        yield replace(finding, expected=folder if folder in classes else None), panel
        if any(caution.code == "interrupted" for caution in explanation.health.cautions):
            return


def told(error: Exception) -> str:
    """Return an error as a sentence: limefw's are, others need their class's name."""
    return str(error) if isinstance(error, limefw.LimefwError) else f"{type(error).__name__}: {error}"


def line(finding: Finding) -> str:
    """Return a finding as a line of text."""
    says = "" if finding.prediction is None else f"{finding.prediction} {finding.probability:.2f}; "
    if finding.expected not in (None, (finding.prediction or "").lower()):
        says += f"expected {finding.expected}; "
    alone = "" if finding.background_alone is None else f" [alone: object {finding.object_alone:.2f}, "
    alone += f"background {finding.background_alone:.2f}]" if alone else ""
    return f"{Path(finding.file).name:24s} {finding.verdict.upper():14s} {says}{finding.reason}{alone}"


def report(findings: Sequence[Finding], threshold: float = THRESHOLD) -> str:
    """Return the list of predictions that look background-driven, and of those that nothing can be said of."""
    parts = []
    for verdict, title in (
        ("background", f"Look background-driven (more than {threshold:.0%} of the support outside the object):"),
        (
            "no conclusion",
            "Nothing can be concluded (low fidelity, too near to the threshold, or not borne out by a part alone):",
        ),
        ("failed", "Could not be explained:"),
    ):
        found = sorted((it for it in findings if it.verdict == verdict), key=lambda it: -(it.outside or 0.0))
        parts += ["", title, *(f"  {line(it)}" for it in found)] if found else []
    return "\n".join(parts).strip() or "None looks background-driven."


def write_tables(findings: Sequence[Finding], folder: Path, about: dict[str, Any]) -> None:
    """Write findings.csv and findings.json."""
    names = [field.name for field in fields(Finding)]
    with (folder / "findings.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, names)
        table.writeheader()
        table.writerows(asdict(finding) for finding in findings)
    rows = [asdict(finding) for finding in findings]
    (folder / "findings.json").write_text(json.dumps({**about, "findings": rows}, indent=1), encoding="utf-8")


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what was asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("sources", nargs="*", metavar="FOLDER|FILE", help="default: photographs of two packages")
    parser.add_argument("--weights", metavar="FILE|imagenet", help="of InceptionV3; imagenet: Keras downloads them")
    parser.add_argument("--masks", type=Path, metavar="FOLDER", help="object masks: NAME.png, white is the object")
    parser.add_argument("--threshold", type=float, default=THRESHOLD, help="share outside that is too much")
    parser.add_argument("--min-fidelity", type=float, default=MIN_FIDELITY, help="least cross-fitted R2")
    parser.add_argument("--samples", type=int, help="pictures shown to the model for each photograph")
    parser.add_argument("--recipe", default=HERE / "recipe.toml", type=Path)
    parser.add_argument("--out", type=Path, default=Path("limefw-out/background_check"))
    parser.add_argument("--pages", action="store_true", help="write each explanation's own page too")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> list[Finding]:
    """Check, print, and write everything."""
    asked = arguments(given)
    paths = pictures(asked.sources) if asked.sources else shipped()
    if not paths:
        raise limefw.InputError(f"there is no picture in {', '.join(asked.sources)}")
    if asked.masks is not None and not asked.masks.is_dir():
        raise limefw.InputError(f"there is no folder {asked.masks} of masks")
    masks = asked.masks or (None if asked.sources else HERE / "masks")
    model, which = background_models.choose_model(asked.weights)
    print(f"The model is {which}.\n")
    recipe = limefw.build(asked.recipe, **({} if asked.samples is None else {"samples": asked.samples}))
    pages = asked.out / "pages" if asked.pages else None
    (pages or asked.out).mkdir(parents=True, exist_ok=True)
    findings, panels = [], []
    for finding, panel in checked(
        paths, model, recipe, masks=masks, threshold=asked.threshold, min_fidelity=asked.min_fidelity, pages=pages
    ):
        print(line(finding), flush=True)
        findings.append(finding)
        panels.append(panel)
    if all(finding.verdict == "failed" for finding in findings):  # an earlier run's sheet stays
        raise limefw.InputError(f"none of {len(findings)} pictures could be explained; no sheet was written")
    about = {"model": which, "threshold": asked.threshold, "min_fidelity": asked.min_fidelity}
    write_tables(findings, asked.out, about)
    background_sheet.png(findings, panels).savefig(asked.out / "sheet.png", dpi=110)
    page = background_sheet.html(findings, panels, about)
    (asked.out / "sheet.html").write_text(page, encoding="utf-8")
    print(f"\n{report(findings, asked.threshold)}\n\nwrote the sheet and the tables to {asked.out}")
    return findings


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's chatter; it is imported later
    try:
        main()
    except (limefw.LimefwError, OSError) as error:
        sys.exit(f"background_check: {error}")
