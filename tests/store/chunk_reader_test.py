#!/usr/bin/env python3
"""chunk_reader_test.py ROOT: docs/read_chunks.py reads the golden chunks as the C++ code does."""
import contextlib
import io
import pathlib
import sqlite3
import struct
import sys
import tempfile


def bits(text):
    if text.startswith("0x"):
        return int(text, 16)
    return struct.unpack("<Q", struct.pack("<d", float(text)))[0]


def rows(csv):
    """Lines of a csv; numbers as the bits they stand for, because languages write the same double differently."""
    head, *lines = csv.splitlines()
    split = [line.split(",", 2) for line in lines]
    number = head.endswith(",number")
    return head, [(int(ts), source, bits(value) if number else value) for ts, source, value in split]


def printed(read_chunks, *arguments):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        read_chunks.main(*arguments)
    return out.getvalue()


def reads_a_table(read_chunks, files):
    """Chunks out of a database are printed as those out of files, in the order of the query."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/day.db"
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("create table chunk(id integer primary key, data blob)")
            database.executemany("insert into chunk(data) values(?)", [[file.read_bytes()] for file in files])
            database.commit()
        from_table = printed(read_chunks, path, "select data from chunk order by id desc")
    return from_table == "".join(printed(read_chunks, str(file)) for file in reversed(files))


def main(root):
    root = pathlib.Path(root)
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(root / "docs"))
    import read_chunks

    failures = []
    chunks = sorted((root / "tests/store/golden").glob("*.chunk"))
    for path in chunks:
        chunk = path.read_bytes()
        if path.name.startswith("v1-"):
            continue  # telltale itself reads those
        type_, *columns = read_chunks.read_chunk(chunk)
        lines = [f"{t},{s},{read_chunks.as_text(type_, v)}" for t, s, v in zip(*columns)]
        if rows("\n".join([f"ts,source,{type_}"] + lines)) != rows(path.with_suffix(".csv").read_text()):
            failures.append(f"{path.name}: other readings than in the csv")
        try:
            read_chunks.read_chunk(chunk[:20] + bytes([chunk[20] ^ 1]) + chunk[21:] if len(chunk) > 20 else chunk[:-1])
            failures.append(f"{path.name}: a flipped bit goes unnoticed")
        except ValueError:
            pass
    if not reads_a_table(read_chunks, [path for path in chunks if path.name.startswith("boolean")]):
        failures.append("other chunks out of a database than out of files")
    if len(chunks) < 20:
        failures.append(f"only {len(chunks)} golden chunks")
    for failure in failures:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
