#!/usr/bin/env python3
"""Reads telltale's chunks (docs/format.md) without telltale: Python's standard library, and libzstd for long texts.

    read_chunks.py FILE.chunk             one chunk as csv: ts,source,{type}
    read_chunks.py DAY.db "select ..."    every chunk that a query of one blob column gives, one after the other
"""
import ctypes
import ctypes.util
import math
import sqlite3
import struct
import sys

SOURCES = ["device", "receive", "relative", "backlog"]
TYPES = ["number", "integer", "boolean", "text"]
MASK = (1 << 64) - 1
CRC_TABLE = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    CRC_TABLE.append(byte)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def signed(v):
    return (v & MASK) - (1 << 64) if v & (1 << 63) else v & MASK


class Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def raw(self, n):
        if self.at + n > len(self.data):
            raise ValueError("chunk ends early")
        self.at += n
        return self.data[self.at - n:self.at]

    def u8(self):
        return self.raw(1)[0]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.u8()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def zigzag(self):
        v = self.varint()
        return v >> 1 ^ -(v & 1)

    def packed(self, n, code):
        width = 64 if code == 63 else code
        bits = int.from_bytes(self.raw((n * width + 7) // 8), "little")
        return [bits >> i * width & (1 << width) - 1 for i in range(n)]


def column(data, n):
    values = [data.zigzag()]
    while len(values) < n:
        count = min(128, n - len(values))
        head = data.u8()
        step = data.zigzag() if head & 0x80 else 0
        base = data.zigzag()
        outliers = data.u8() if head & 0x40 else 0
        rest = [base + v for v in data.packed(count, head & 0x3F)]
        for _ in range(outliers):
            place = data.u8()
            rest[place] = data.zigzag()
        start = values[-1]
        for i, r in enumerate(rest):
            before = start + (signed(step * (i + 1)) >> 6) if head & 0x80 else values[-1]
            values.append(signed(before + r))
    return values


def xored(data, n):
    values = [int.from_bytes(data.raw(8), "little")]
    while len(values) < n:
        code = data.u8()
        zeros = data.u8() if code not in (0, 63) else 0
        for change in data.packed(min(128, n - len(values)), code):
            values.append(values[-1] ^ change << zeros)
    return [struct.unpack("<d", struct.pack("<Q", v))[0] for v in values]


def unzstd(data):
    zstd = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
    zstd.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong
    zstd.ZSTD_decompress.restype = ctypes.c_size_t
    size = zstd.ZSTD_getFrameContentSize(data, ctypes.c_size_t(len(data)))
    if size > 1 << 30:
        raise ValueError("damaged text")
    out = ctypes.create_string_buffer(max(1, size))
    if zstd.ZSTD_decompress(out, ctypes.c_size_t(size), data, ctypes.c_size_t(len(data))) != size:
        raise ValueError("damaged text")
    return out.raw[:size]


def texts(data, n, compressed):
    distinct = data.varint()
    which = column(data, n)
    blob = data.raw(len(data.data) - data.at)
    blob = Bytes(unzstd(blob) if compressed else blob)
    lengths = [blob.varint() for _ in range(distinct)]
    dictionary = [blob.raw(length) for length in lengths]
    return [dictionary[i] for i in which]


def read_chunk(chunk):
    """(type, [ts in ms], [source], [value]): numbers as float, integers as int, booleans as bool, text as bytes."""
    if crc32c(chunk[:-4]) != int.from_bytes(chunk[-4:], "little"):
        raise ValueError("the checksum is wrong")
    data = Bytes(chunk[:-4])
    version = data.u8()
    if version != 2:
        raise ValueError(f"chunk of version {version}; only 2 is read here")
    kind = data.u8()
    n = data.varint()
    ts = column(data, n)
    source = [SOURCES[kind >> 2 & 3]] * n if kind >> 2 & 7 < 4 else []
    while len(source) < n:
        run = data.varint()
        source += [SOURCES[run & 3]] * (run >> 2)
    type_, how = TYPES[kind & 3], kind >> 5
    if type_ == "text":
        values = texts(data, n, how == 1)
    elif type_ == "number" and how == 7:
        values = xored(data, n)
    else:
        values = column(data, n)
        if type_ == "number":
            values = [v / 10**how for v in values]
        elif type_ == "boolean":
            values = [v != 0 for v in values]
    if data.at != len(data.data):
        raise ValueError("more bytes than readings")
    return type_, ts, source, values


def as_text(type_, value):
    if type_ == "boolean":
        return str(int(value))
    if type_ == "text":
        return "".join(chr(b) if 0x20 <= b < 0x7F and b != 0x5C else f"\\x{b:02x}" for b in value)
    if type_ == "number" and not math.isfinite(value):
        return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:x}"
    return repr(value)


def main(path, query=None):
    if query is None:
        with open(path, "rb") as file:
            chunks = [file.read()]
    else:
        chunks = [row[0] for row in sqlite3.connect(f"file:{path}?mode=ro", uri=True).execute(query)]
    for chunk in chunks:
        type_, *columns = read_chunk(chunk)
        print(f"ts,source,{type_}")
        for ts, source, value in zip(*columns):
            print(f"{ts},{source},{as_text(type_, value)}")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
