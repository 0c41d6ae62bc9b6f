"""Draw the newest results as docs/speed.svg: how many times as fast as plain PyTorch, and where the bound is.

python benchmarks/picture.py
"""

import json
from html import escape
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TASKS = {
    "train": "training, batch 128",
    "infer": "inference, batch 64",
    "latency": "inference, one picture",
    "cifar": "training the small network",
}
WIDTH, LEFT, RIGHT, BAR, GAP = 760, 300, 120, 20, 26
COLOURS = {"alexnet": "#1f77b4", "plain": "#9a9a9a", "other": "#c7a76c"}


def main() -> None:
    """Read the results, and write the picture."""
    reports = {task: newest(task) for task in TASKS}
    longest = max(gain(row) for report in reports.values() for row in report["rows"])
    parts: list[str] = []
    y = 46
    for task, title in TASKS.items():
        report = reports[task]
        parts.append(text(20, y + 15, title, bold=True))
        limit = bound(report["rows"])
        if limit and limit <= longest:
            x, end = LEFT + (WIDTH - LEFT - RIGHT) * limit / longest, y + GAP * len(report["rows"]) - 2
            line = f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y - 3}" y2="{end}" stroke="#d62728" stroke-dasharray="4 3"/>'
        else:
            line = ""
        words: list[str] = []
        for row in report["rows"]:
            length = (WIDTH - LEFT - RIGHT) * gain(row) / longest
            parts.append(
                f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" fill="{colour(row["name"])}"/>'
            )
            parts.append(text(LEFT - 8, y + 15, short(row["name"]), anchor="end", small=True))
            figure = f"{gain(row):.1f}x, {row['value']:,.0f} {report['unit']}"
            words.append(text(LEFT + length + 6, y + 15, figure, small=True))
            y += GAP
        parts += [line, *words]
        y += 14
    machine = reports["train"]["machine"]
    about = f"{machine['cores']} cores of an {machine['processor']}, torch {machine['torch']}, float32"
    head = [
        '<svg xmlns="http://www.w3.org/2000/svg" '
        f'viewBox="0 0 {WIDTH} {y + 16}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{y + 16}" fill="white"/>',
        text(20, 24, f"Times as fast as plain PyTorch; dashed: the bound ({about})"),
    ]
    (ROOT / "docs" / "speed.svg").write_text("\n".join([*head, *parts, "</svg>"]) + "\n")


def newest(task: str) -> dict[str, Any]:
    """Return the report of a task that is newest by its date."""
    path = sorted((ROOT / "benchmarks" / "results").glob(f"*-{task}.json"))[-1]
    report: dict[str, Any] = json.loads(path.read_text())
    return report


def gain(row: dict[str, Any]) -> float:
    """Return how many times as fast as plain PyTorch."""
    return float(row["of_plain"] or 1.0)


def bound(rows: list[dict[str, Any]]) -> float | None:
    """Return the bound in the same measure, if the task has one."""
    ours = rows[0]
    return gain(ours) / float(ours["of_bound"]) if ours["of_bound"] else None


def colour(name: str) -> str:
    """Return the colour of a contestant's bar."""
    return COLOURS.get(
        name.split(",")[0].split(" ")[0].lower(), COLOURS["plain" if "plain" in name else "other"]
    )


def short(name: str) -> str:
    """Return a contestant's name without what is in brackets."""
    return (
        name.partition(" (")[0]
        .replace("alexnet, fc6 ... fc8 of one byte", "alexnet, int8 fc")
        .partition(", alloc")[0]
    )


def text(
    x: float, y: float, words: str, *, anchor: str = "start", bold: bool = False, small: bool = False
) -> str:
    """Return a line of text."""
    weight, size = ' font-weight="bold"' if bold else "", ' font-size="11"' if small else ""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place}{weight}{size} stroke="white" stroke-width="3" paint-order="stroke">{escape(words)}</text>'


if __name__ == "__main__":
    main()
