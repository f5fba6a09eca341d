#!/usr/bin/python3
"""What a careful tutorial teaches: paho with a session that the broker keeps, WAL, and a commit for every 500 messages or
quarter of a second. paho acknowledges when the callback returns, so a batch that is not committed yet lives in memory only.

usage: batching_subscriber.py PORT DATABASE
"""
import json
import sqlite3
import sys
import threading

import paho.mqtt.client as mqtt

BATCH, DELAY_S = 500, 0.25


def main():
    port, database = int(sys.argv[1]), sys.argv[2]
    db = sqlite3.connect(database, check_same_thread=False)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=NORMAL")
    db.execute("CREATE TABLE IF NOT EXISTS readings (topic TEXT, ts INTEGER, temperature REAL, humidity REAL, pressure REAL)")
    batch, lock, full = [], threading.Lock(), threading.Event()

    def on_message(_client, _userdata, message):
        row = json.loads(message.payload)
        with lock:
            batch.append((message.topic, row["ts"], row["temperature"], row["humidity"], row["pressure"]))
            if len(batch) >= BATCH:
                full.set()

    client = mqtt.Client("batching-subscriber", clean_session=False)
    client.on_connect = lambda c, *_: c.subscribe("telemetry/#", 1)
    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.loop_start()
    while True:
        full.wait(DELAY_S)
        full.clear()
        with lock:
            rows, batch[:] = batch[:], []
        if rows:
            db.executemany("INSERT INTO readings VALUES (?, ?, ?, ?, ?)", rows)
            db.commit()


if __name__ == "__main__":
    main()
