#!/usr/bin/env python3
"""The command line beside a live service: what README.md promises about check, query, sqlite3, reload and audit."""
import json
import signal
import sqlite3
import unittest

from scene import Client, Scene, eventually


class Commands(Scene):
    config = '[store]\npath = "@DATA@"\narchive_log = true\n'

    def log(self):
        return (self.service.folder / "telltale.log").read_text()

    def test_query_works_beside_the_live_service_in_each_format(self):
        for i, ts in enumerate((0, 30, 60, 90)):
            self.publish("telemetry/s/d", json.dumps([{"age_ms": 1000 * (600 - ts), "t": i + 0.5, "on": True, "word": 'a"b'}]))
        self.flush()
        self.settled(4)
        rows = self.service.query("d", "t")
        self.assertEqual([r["value"] for r in rows], ["0.5", "1.5", "2.5", "3.5"])
        self.assertEqual([r["value"] for r in self.service.query("d", "on")], ["1"] * 4)
        answer = self.service.run("query", "--data", self.service.data, "--device", "d", "--metric", "word", "--from", "0",
                                  "--format", "csv")
        self.assertIn('"a""b"', answer.stdout)
        table = self.service.run("query", "--data", self.service.data, "--device", "d", "--metric", "t")
        self.assertEqual(table.returncode, 0)
        self.assertIn("3.5", table.stdout)
        hours = self.service.query("d", "t", "--step", "1h", "--agg", "count")
        self.assertEqual(sum(int(r["value"]) for r in hours), 4)
        unknown = self.service.run("query", "--data", self.service.data, "--device", "nobody", "--metric", "t")
        self.assertEqual(unknown.returncode, 1)

    def test_the_newest_reading_is_the_newest_by_time(self):
        """[lesson-17] A reading that comes later but is older does not become the last one."""
        self.publish("telemetry/s/d", '{"age_ms":1000,"t":2}')
        self.publish("telemetry/s/d", '{"age_ms":60000,"t":1}')
        self.flush()
        self.settled(2)
        self.assertEqual(self.values("d", "t"), ["1", "2"])

    def test_recent_db_is_plain_sqlite(self):
        """[lesson-20] A reader with an open transaction neither locks nor is locked out."""
        for i in range(10):
            self.publish("telemetry/s/d", f'{{"t":{i}}}')
        self.flush()
        self.settled(10)
        path = self.service.data / "recent.db"
        eventually("the rows are in recent.db", lambda: path.exists() and self.count(path) == 10)
        reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
        self.addCleanup(reader.close)
        reader.execute("begin")
        self.assertEqual(reader.execute("select count(*) from reading").fetchone(), (10,))
        self.publish("telemetry/s/d", '{"t":10}')
        self.flush()
        eventually("writing goes on beside the open transaction", lambda: self.count(path) == 11)
        self.assertEqual(reader.execute("select count(*) from reading").fetchone(), (10,))

    def count(self, path):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
            try:
                return db.execute("select count(*) from reading").fetchone()[0]
            except sqlite3.Error:
                return -1

    def test_reload_takes_new_rules_without_a_new_session_and_keeps_the_old_ones_when_the_file_is_bad(self):
        """[lesson-30]"""
        self.client.subscribe("alerts/#")
        self.client.pump(0.2)
        good = self.service.config.read_text()
        self.service.config.write_text(good.replace("archive_log = true", "archive_log = false")
                                       + '[[rule]]\nname = "hot"\nmetric = "t"\nabove = 80.0\n')
        self.service.process.send_signal(signal.SIGHUP)
        eventually("the reload is logged", lambda: "configuration reloaded: 2 rules" in self.log())
        eventually("what waits is named", lambda: "only after a restart: store.archive_log" in self.log())
        self.publish("telemetry/s/d", '{"t":81}')
        eventually("the new rule fires", lambda: self.client.pump(0.02) or self.client.messages)
        self.assertEqual(self.client.messages[0][0], "alerts/warning/s/d/hot/t")

        self.service.config.write_text(good + '[[rule]]\nname = "hot"\nmetric = "t"\nabowe = 80.0\n')
        self.service.process.send_signal(signal.SIGHUP)
        eventually("the mistake is named with its place", lambda: "did you mean 'above'" in self.log())
        eventually("the metric says it", lambda: self.service.metrics()["telltale_config_last_reload_successful"] == 0)
        eventually("readyz says it", lambda: not self.service.ready())
        self.assertEqual(self.service.metrics()["telltale_mqtt_reconnects_total"], 0)
        self.publish("telemetry/s/e", '{"t":82}')
        eventually("the old rules are still in force", lambda: self.client.pump(0.02) or any(
            t == "alerts/warning/s/e/hot/t" for t, _ in self.client.messages))

    def test_an_alert_is_acknowledged_by_topic(self):
        self.service.stop()
        self.service.config.write_text(self.service.config.read_text() + '[[rule]]\nname = "hot"\nmetric = "t"\nabove = 80.0\n')
        self.service.start().wait_caught_up()
        self.client.subscribe("alert-state/#")
        self.client.subscribe("control-reply/#")
        self.publish("telemetry/s/d", '{"t":81}')
        eventually("the alert is there", lambda: self.client.pump(0.02) or self.client.messages)
        alert = json.loads(self.client.messages[0][1])
        self.client.messages.clear()
        self.publish(f"control/alert/{alert['id']}/ack", '{"by":"ana","comment":"on it"}')
        def newest(topic):
            self.client.pump(0.02)
            return dict(self.client.messages).get(topic)
        reply = eventually("the reply", lambda: newest(f"control-reply/alert/{alert['id']}"))
        self.assertTrue(json.loads(reply)["ok"])
        eventually("the new state", lambda: json.loads(newest("alert-state/s/d/hot/t") or "{}").get("state") == "acknowledged")

    def test_a_device_is_removed_by_topic_and_by_command_and_comes_back_as_a_new_one(self):
        self.client.subscribe("presence/#")
        self.client.subscribe("control-reply/#")
        self.publish("telemetry/s/d", '{"t":1}')
        self.publish("telemetry/s/e", '{"t":2}')
        eventually("both are present", lambda: self.client.pump(0.02) or len(self.client.messages) >= 2)
        self.client.messages.clear()
        self.publish("control/device/s/d/remove", '{"by":"ana"}')
        eventually("reply and presence", lambda: self.client.pump(0.02) or len(self.client.messages) >= 2)
        said = {t: json.loads(p) for t, p in self.client.messages}
        self.assertEqual(said["control-reply/device/s/d"],
                         {"ok": True, "site": "s", "device": "d", "detail": "devices: 1, series: 1"})
        self.assertEqual(said["presence/s/d"]["state"], "removed")
        unknown = self.service.run("query", "--data", self.service.data, "--device", "d", "--metric", "t")
        self.assertEqual(unknown.returncode, 1)
        self.assertEqual(self.values("e", "t"), ["2"])

        self.publish("telemetry/s/d", '{"t":3}')
        self.flush()
        self.settled(4)
        self.assertEqual(self.values("d", "t"), ["3"])
        forget = ("forget", "--data", self.service.data, "--device", "d")
        self.assertIn("in use", self.service.run(*forget, "--yes").stderr)
        self.assertEqual(self.service.stop(), 0)
        answer = self.service.run(*forget, "--dry-run")
        self.assertEqual((answer.returncode, answer.stdout), (0, "s/d: 1 series\n"))
        self.assertEqual(self.service.run(*forget, "--yes").returncode, 0)
        self.client.messages.clear()
        self.service.start().wait_ready()
        eventually("the removal is told after the start", lambda: self.client.pump(0.02) or any(
            t == "presence/s/d" and json.loads(p)["state"] == "removed" for t, p in self.client.messages))
        self.assertEqual(self.values("e", "t"), ["2"])
        self.assertEqual(self.service.run("verify", "--data", self.service.data).returncode, 0)

    def test_audit_recomputes_every_alert_from_the_log(self):
        self.service.stop()
        self.service.config.write_text(self.service.config.read_text() + '[[rule]]\nname = "hot"\nmetric = "t"\nabove = 80.0\n')
        self.service.start().wait_caught_up()
        for i in range(40):
            self.publish("telemetry/s/d", f'{{"t":{90 if i % 4 < 2 else 10}}}')
        self.flush()
        self.settled(40)
        self.assertEqual(self.service.stop(), 0)
        answer = self.service.run("audit", "--data", self.service.data)
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
        self.assertGreater(sum(line.startswith("alert ") for line in answer.stdout.splitlines()), 10)
        with sqlite3.connect(self.service.data / "state.db") as db:
            db.execute("delete from alert_history where row = (select max(row) from alert_history)")
        self.assertEqual(self.service.run("audit", "--data", self.service.data).returncode, 1)

    def test_check_and_healthcheck_answer_by_exit_code(self):
        self.assertEqual(self.service.run("check", self.service.config).returncode, 0)
        bad = self.folder / "bad.toml"
        bad.write_text('[mqtt]\nurl = "mqtt://127.0.0.1:1883"\nfilters = ["telemetry/#/x"]\n')
        answer = self.service.run("check", bad)
        self.assertEqual(answer.returncode, 2)
        self.assertRegex(answer.stderr, r"bad\.toml:3:\d+: ")
        url = f"http://127.0.0.1:{self.service.http}"
        self.assertEqual(self.service.run("healthcheck", "--url", url).returncode, 0)
        self.service.stop()
        self.assertEqual(self.service.run("healthcheck", "--url", url).returncode, 1)


if __name__ == "__main__":
    unittest.main()
