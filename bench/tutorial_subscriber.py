#!/usr/bin/python3
"""What most tutorials teach: paho, json.loads, sqlite3 with its defaults, one INSERT and one commit per message.

usage: tutorial_subscriber.py PORT DATABASE COUNTER   (COUNTER: file whose first 8 bytes count the messages)
"""
import json
import mmap
import sqlite3
import struct
import sys

import paho.mqtt.client as mqtt


def main():
    port, database, counter = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    db = sqlite3.connect(database, check_same_thread=False)
    db.execute("CREATE TABLE IF NOT EXISTS readings (topic TEXT, ts INTEGER, temperature REAL, humidity REAL, pressure REAL)")
    with open(counter, "r+b") as file:
        shared = mmap.mmap(file.fileno(), 8)
    seen = 0

    def on_message(_client, _userdata, message):
        nonlocal seen
        row = json.loads(message.payload)
        db.execute("INSERT INTO readings VALUES (?, ?, ?, ?, ?)",
                   (message.topic, row["ts"], row["temperature"], row["humidity"], row["pressure"]))
        db.commit()
        seen += 1
        struct.pack_into("<Q", shared, 0, seen)

    client = mqtt.Client("tutorial-subscriber", clean_session=True)
    client.on_connect = lambda c, *_: c.subscribe("telemetry/#", 1)
    client.on_subscribe = lambda *_: print("subscribed", flush=True)
    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.loop_forever()


if __name__ == "__main__":
    main()
