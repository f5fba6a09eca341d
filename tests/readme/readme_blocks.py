#!/usr/bin/env python3
"""readme_blocks.py REPOSITORY: clones the repository into an empty folder and runs README.md there to the letter.

Every ```sh block is run, in order, in one bash that stops at the first command that fails. Blocks in other languages
(toml, text, arduino) are shown, not run; a ```toml block whose first line is `# FILE` is written to that file.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)


def main():
    repository = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="telltale-readme-") as folder:
        clone = pathlib.Path(folder) / "telltale"
        subprocess.run(["git", "clone", "-q", str(repository), str(clone)], check=True)
        script, commands = ["set -euo pipefail", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"], 0
        for language, text in BLOCK.findall((clone / "README.md").read_text()):
            first = text.splitlines()[0]
            if language == "sh":
                script.append(text)
                commands += 1
            elif language == "toml" and re.fullmatch(r"# [\w./-]+\.toml", first):
                script.append(f"cat > {first[2:]} <<'TOML'\n{text}TOML")
        assert commands >= 4, f"README.md has only {commands} command blocks"
        result = subprocess.run(["bash", "-c", "\n".join(script)], cwd=clone, stdin=subprocess.DEVNULL, timeout=2300,
                                text=True, capture_output=True)
        print(result.stdout[-6000:])
        print(result.stderr[-3000:])
        print(f"{commands} blocks of README.md: exit code {result.returncode}")
        return result.returncode


sys.exit(main())
