#!/usr/bin/env python3
"""pictures.py ROOT TELLTALE: draws the pictures of docs/rules.md anew; each is XML, small, and named in that page."""
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree


def main():
    root, telltale = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    page = (root / "docs/rules.md").read_text()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["bash", root / "scripts/pictures.sh", telltale, folder], check=True, stdout=subprocess.DEVNULL)
        drawn = sorted(pathlib.Path(folder).glob("*.svg"))
        assert len(drawn) == 7, drawn
        for picture in drawn:
            assert xml.etree.ElementTree.parse(picture).getroot().tag.endswith("}svg"), picture
            assert picture.stat().st_size < 60_000, picture
            assert f"(pictures/{picture.name})" in page, f"docs/rules.md does not show {picture.name}"
            assert (root / "docs/pictures" / picture.name).read_bytes() == picture.read_bytes(), \
                f"docs/pictures/{picture.name} is old: ./run pictures"
    print(f"{len(drawn)} pictures drawn")


main()
