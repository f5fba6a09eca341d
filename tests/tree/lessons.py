#!/usr/bin/env python3
"""docs/lessons.md names all 31 lessons, and each test file it names carries that lesson's tag."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
rows = re.findall(r"^\| (\d\d) \|.*\| ([^|]*) \|$", (root / "docs/lessons.md").read_text(), re.M)
problems = []
if [number for number, _ in rows] != [f"{n:02d}" for n in range(1, 32)]:
    problems.append("docs/lessons.md: not the lessons 01 to 31 in order")
for number, cell in rows:
    files = re.findall(r"`([^`]+)`", cell)
    if not files:
        problems.append(f"lesson-{number}: names no test")
    for name in files:
        file = root / "tests" / name
        if not file.is_file() or f"[lesson-{number}]" not in file.read_text():
            problems.append(f"lesson-{number}: tests/{name} does not carry its tag")
print("\n".join(problems) or f"{len(rows)} lessons, each with a test")
sys.exit(bool(problems))
