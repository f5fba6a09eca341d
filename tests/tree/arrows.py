#!/usr/bin/env python3
"""arrows.py ROOT: reads the #include lines of every room and fails on an arrow that points up or sideways.

The layers are those of ARCHITECTURE.md. It also checks itself: a forbidden include made up here must be found.
"""
import pathlib
import re
import sys

LAYER = {"proto": 0, "store": 1, "analytics": 1, "broker": 1, "ingest": 2, "alerting": 2, "notify": 2, "api": 2, "backtest": 2, "devices": 2, "app": 3}
# What a room may use besides std and the rooms below it. Prefix of the include path -> rooms.
LIBRARIES = {
    "rapidjson/": {"proto", "alerting", "notify", "api", "backtest", "devices"},
    "date/": {"proto"},
    "tl/": {"proto"},
    "sqlite3.h": {"store"},
    "zstd.h": {"store"},
    "zlib.h": {"api", "devices"},
    "boost/": {"broker", "api", "app"},
    "openssl/": {"broker", "notify", "api"},
    "mqtt/": {"broker", "devices"},
    "MQTT": {"broker", "devices"},
    "prometheus/": {"api"},
    "re2/": {"api"},
    "toml++/": {"app"},
    "CLI/": {"app"},
    "spdlog/": {"app"},
    "curl/": {"notify", "app"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def faults(room, name, text):
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, path = match.groups()
        target = path.split("/")[0]
        where = f"{name}:{number}: "
        if quote == '"' and target in LAYER and target != room:
            if LAYER[target] >= LAYER[room]:
                found.append(where + f"{room} (layer {LAYER[room]}) includes {path} (layer {LAYER[target]})")
        for prefix, rooms in LIBRARIES.items():
            if path.startswith(prefix) and room not in rooms:
                found.append(where + f"{room} may not use {path}")
            heavy = prefix in ("rapidjson/", "date/", "mqtt/", "MQTT") and path != "rapidjson/fwd.h"
            if path.startswith(prefix) and heavy and name.endswith(".hpp"):
                found.append(where + f"{path} belongs into a .cpp")
    return found


def main():
    root = pathlib.Path(sys.argv[1])
    assert faults("store", "x.cpp", '#include "ingest/writer.hpp"'), "an arrow up must be found"
    assert faults("ingest", "x.cpp", '#include "alerting/desk.hpp"'), "an arrow sideways must be found"
    assert faults("analytics", "x.cpp", "#include <sqlite3.h>"), "a foreign library must be found"
    assert not faults("ingest", "x.cpp", '#include "store/store.hpp"\n#include <vector>')
    found, files = [], 0
    for room in LAYER:
        for path in sorted((root / room).rglob("*.[hc]pp")):
            files += 1
            found += faults(room, str(path.relative_to(root)), path.read_text())
    assert files > 20, "the rooms were not found"
    print(f"{files} files read, {len(found)} arrows point the wrong way")
    print("\n".join(found))
    return 1 if found else 0


sys.exit(main())
