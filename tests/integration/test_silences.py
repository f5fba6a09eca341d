#!/usr/bin/env python3
"""Silences by MQTT, as docs/alerts.md tells it: order, answer, what subscribers see, what state.db shows."""
import json
import signal
import sqlite3
import time
import unittest

from scene import Scene, eventually


class Silences(Scene):
    config = '[unusual]\nenabled = false\n[[rule]]\nname = "too-hot"\nmetric = "t"\nabove = 80.0\n'

    def setUp(self):
        super().setUp()
        for topics in ("alerts/#", "control-reply/#"):
            self.client.subscribe(topics)
        self.client.pump(0.3)

    def messages(self):
        """As they came; alerts may be repeated after a kill, with the same bytes."""
        self.client.pump(0.02)
        return list(dict.fromkeys((m[0], m[1]) for m in self.client.messages))

    def said(self, count):
        """The first `count` messages, as (class, state or ok)."""
        eventually(f"{count} messages", lambda: len(self.messages()) >= count)
        found = []
        for topic, payload in [(m[0], json.loads(m[1])) for m in self.messages()]:
            found.append((topic.split("/")[0], payload.get("state", payload.get("ok"))))
        return found

    def rows(self, sql):
        with sqlite3.connect(f"file:{self.service.data}/state.db?mode=ro", uri=True) as db:
            return db.execute(sql).fetchall()

    def until(self, seconds):
        return round((time.time() + seconds) * 1000)

    def test_a_silence_survives_a_kill_and_its_end_fires_once(self):
        order = {"device": "pump-*", "until": self.until(3600), "by": "ana", "comment": "new seals"}
        self.publish("control/silence/works", json.dumps(order))
        self.assertEqual(self.said(1), [("control-reply", True)])
        self.publish("telemetry/s/pump-1", '{"t":90}')
        self.assertEqual(self.said(2)[1:], [("alerts", "silenced")])
        alert = json.loads(self.client.messages[1][1])
        self.assertEqual((alert["by"], alert["comment"]), ("ana", "new seals"))
        self.assertEqual(self.rows("select name, device, who, comment, active from silence"),
                         [("works", "pump-*", "ana", "new seals", 1)])
        self.service.kill()
        self.service.start().wait_ready()
        self.publish("telemetry/s/pump-2", '{"t":90}')
        self.assertEqual(self.said(3)[2:], [("alerts", "silenced")])
        self.publish("control/silence/works/end", "")
        self.assertEqual(self.said(6)[3:], [("control-reply", True), ("alerts", "firing"), ("alerts", "firing")])
        self.assertEqual(self.rows("select count(*) from silence"), [(0,)])
        self.publish("telemetry/s/pump-1", '{"t":70}')
        self.publish("telemetry/s/pump-2", '{"t":70}')
        self.assertEqual(self.said(8)[6:], [("alerts", "resolved"), ("alerts", "resolved")])
        self.assertEqual(
            self.rows("select n, state, reason, who from alert_history where device = 'pump-1' order by n"),
            [(1, "silenced", "violated", "ana"), (2, "firing", "silence-ended", None), (3, "resolved", "recovered", None)])
        self.assertEqual(self.rows("select count(*) from alert_active"), [(0,)])
        self.client.pump(0.3)
        self.assertEqual(len(self.messages()), 8)

    def test_a_silence_ends_by_its_time_though_nothing_arrives(self):
        self.publish("telemetry/s/d", '{"t":90}')
        self.said(1)
        self.publish("control/silence/s", json.dumps({"rule": "too-hot", "until": self.until(2)}))
        self.assertEqual(self.said(4)[1:], [("control-reply", True), ("alerts", "silenced"), ("alerts", "firing")])

    def test_maintenance_windows_come_and_go_with_the_configuration(self):
        self.publish("telemetry/s/d", '{"t":90}')
        self.said(1)
        good = self.service.config.read_text()
        window = '[[maintenance]]\nname = "always"\nsite = "s"\nstart = "00:00"\nduration = "1d"\ncomment = "building"\n'
        self.service.config.write_text(good + window)
        self.service.process.send_signal(signal.SIGHUP)
        self.assertEqual(self.said(2)[1:], [("alerts", "silenced")])
        self.assertEqual(json.loads(self.client.messages[1][1])["by"], "maintenance always")
        self.assertEqual(self.rows("select kind, name, active from silence"), [("maintenance", "always", 1)])
        self.service.config.write_text(good)
        self.service.process.send_signal(signal.SIGHUP)
        self.assertEqual(self.said(3)[2:], [("alerts", "firing")])

    def test_an_order_that_is_misspelt_silences_nothing_and_is_answered(self):
        self.client.subscribe("errors/#")
        self.client.pump(0.3)
        self.publish("telemetry/s/a", '{"t":90}')
        self.said(1)
        self.publish("control/silence/s", '{"devise":"a","until":2000000000}')
        self.publish("control/silence/s", '{"device":"a"}')
        alert = json.loads(self.client.messages[0][1])["id"]
        self.publish(f"control/alert/{alert}/ack", '{"by":7}')
        self.publish("control/silence/s/stop", "")

        def on(topic):
            return [json.loads(payload) for name, payload in self.messages() if name.startswith(topic)]
        eventually("all are answered", lambda: len(on("control-reply/")) == 3)
        self.assertEqual([a["ok"] for a in on("control-reply/")], [False] * 3)
        misspelt, incomplete = on("control-reply/silence/s")
        self.assertTrue(misspelt["detail"].startswith("control/silence/s: 'devise' is no key here"), misspelt)
        self.assertEqual(incomplete["detail"], "needs until")
        self.assertEqual(on(f"control-reply/alert/{alert}")[0]["detail"],
                         f"control/alert/{alert}/ack: 'by' is not a text")
        eventually("those that could not be read are on errors/-/-", lambda: len(on("errors/-/-")) == 3)
        self.assertEqual([e["topic"] for e in on("errors/-/-")],
                         ["control/silence/s", f"control/alert/{alert}/ack", "control/silence/s/stop"])
        eventually("and dead letters", lambda: self.dead_letters() == {"bad_control": 2, "bad_topic": 1})
        self.publish("telemetry/s/a", '{"t":70}')
        eventually("the alert lives on", lambda: json.loads(self.messages()[-1][1]).get("state") == "resolved")
        self.assertEqual([a["state"] for a in on("alerts/")], ["firing", "resolved"])


if __name__ == "__main__":
    unittest.main()
