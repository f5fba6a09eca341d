"""Peers that are no Debian packages, fetched and built once in a folder of their own; nothing outside it is touched.
Each gives the path to start, or raises Missing with the reason, which the table then says."""
import os
import shutil
import subprocess

from store_peers import Missing

NODE_RED = ["node-red@4", "node-red-node-sqlite"]
TELEGRAF = "github.com/influxdata/telegraf/cmd/telegraf@v1.36.4"
TELEGRAF_PARTS = "custom,inputs.mqtt_consumer,outputs.sql,outputs.influxdb,parsers.json"


def fetch(command, folder, minutes, **environment):
    if not shutil.which(command[0]):
        raise Missing(f"{command[0]} is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "build.log", "wb") as log:
        try:
            code = subprocess.run(command, cwd=folder, stdout=log, stderr=log, timeout=minutes * 60,
                                  env={**os.environ, **environment}).returncode
        except subprocess.TimeoutExpired:
            raise Missing(f"{command[0]} did not finish within {minutes:g} minutes") from None
    if code != 0:
        raise Missing(f"{command[0]} failed: {(folder / 'build.log').read_text().strip().splitlines()[-1]}")


def node_red(tools, minutes):
    folder = tools / "node-red"
    program = folder / "node_modules/node-red/red.js"
    if not program.exists() or not (folder / "node_modules/node-red-node-sqlite").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}\n')
        fetch(["npm", "install", "--no-audit", "--no-fund", *NODE_RED], folder, minutes)
    return program


def telegraf(tools, minutes):
    folder = tools / "telegraf"
    program = folder / "telegraf"
    if not program.exists():
        fetch(["go", "install", "-tags", TELEGRAF_PARTS, TELEGRAF], folder, minutes, GOBIN=str(folder), GOFLAGS="-mod=mod")
    return program
