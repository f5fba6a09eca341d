#!/usr/bin/env python3
"""Notifications by the real program, to real receivers."""
import hashlib
import hmac
import json
import logging
import shutil
import signal
import socket
import subprocess
import time
import unittest
import urllib.request

from scene import Scene, eventually  # first: it knows where the support modules are
from receivers import HttpReceiver, MailServer, Tls
from service import free_port

logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # handshakes fail here on purpose
RULE = '[[rule]]\nname = "too-hot"\nmetric = "t"\nabove = 80.0\nclear = 75.0\nseverity = "critical"\n'
QUICK = 'group_wait = "1s"\n'


class Notified(Scene):
    def prepare(self):
        self.tls = Tls(self.folder / "tls")
        self.http = HttpReceiver()
        self.addCleanup(lambda: self.http.close())
        self.config = self.channels() + RULE + '[notify]\nexternal_url = "https://telltale.example"\n'

    def channels(self):
        raise NotImplementedError

    def secret(self, name, text):
        path = self.folder / name
        path.write_text(text + "\n")
        return path

    def bodies(self, receiver=None):
        return [json.loads(r.body) for r in (receiver or self.http).requests]

    def fire(self, device="esp32-7", value=86.2):
        self.publish(f"telemetry/site1/{device}", json.dumps({"t": value}))

    def log(self):
        return (self.service.folder / "telltale.log").read_text()


class Webhook(Notified):
    def channels(self):
        return (f'[[channel]]\nname = "ops"\nkind = "webhook"\nurl = "{self.http.url}/hook"\n'
                f'secret_file = "{self.secret("hmac", "open sesame")}"\n{QUICK}')

    def test_an_alert_is_posted_signed_and_its_end_as_well(self):
        self.fire()
        eventually("the webhook is called", lambda: self.http.requests)
        request = self.http.requests[0]
        self.assertEqual(request.path, "/hook")
        self.assertRegex(request.headers["User-Agent"], r"^telltale/\d")
        stamp, signature = (part.split("=", 1)[1] for part in request.headers["X-Telltale-Signature"].split(","))
        self.assertLess(abs(int(stamp) - time.time()), 60)
        expected = hmac.new(b"open sesame", stamp.encode() + b"." + request.body, hashlib.sha256).hexdigest()
        self.assertEqual(signature, expected)
        body = json.loads(request.body)
        self.assertEqual((body["version"], body["status"], body["receiver"]), ("4", "firing", "ops"))
        self.assertEqual(body["groupKey"], "default/too-hot:esp32-7")
        alert = body["alerts"][0]
        self.assertEqual(alert["labels"], {"alertname": "too-hot", "severity": "critical", "site": "site1",
                                           "device": "esp32-7", "metric": "t"})
        self.assertEqual(alert["annotations"]["value"], "86.2")
        self.assertEqual(alert["endsAt"], "0001-01-01T00:00:00Z")
        self.fire(value=20)
        eventually("its end is told", lambda: len(self.http.requests) == 2)
        end = self.bodies()[1]
        self.assertEqual(end["status"], "resolved")
        self.assertEqual(end["alerts"][0]["fingerprint"], alert["fingerprint"])
        self.assertEqual(self.service.metrics()['telltale_notifications_total{channel="ops",result="sent"}'], 2)

    def test_a_dead_receiver_delays_neither_readings_nor_alerts_and_gets_all_when_it_is_back(self):
        self.http.answer = lambda request: (503, {})
        self.client.subscribe("alerts/#")
        for i in range(5):
            self.fire(f"d{i}")
        self.flush()
        eventually("alerts on MQTT", lambda: self.client.pump(0.02) or len(self.client.messages) >= 5)
        self.settled(5)
        eventually("every group was tried", lambda: len({r.headers["X-Telltale-Delivery"] for r in self.http.requests}) == 5)
        before = {r.headers["X-Telltale-Delivery"]: r.body for r in self.http.requests}
        self.http.answer = lambda request: (200, {})
        seen = len(self.http.requests)
        eventually("each is delivered", lambda: len(self.http.requests) >= seen + 5)
        after = {r.headers["X-Telltale-Delivery"]: r.body for r in self.http.requests[seen:]}
        self.assertEqual(after, before)

    def test_a_receiver_that_never_answers_delays_no_other_channel(self):
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        text = self.service.config.read_text()
        self.service.config.write_text(
            text + f'[[channel]]\nname = "a-silent"\nkind = "webhook"\nurl = "http://127.0.0.1:{silent.getsockname()[1]}/"\n{QUICK}')
        self.service.process.send_signal(signal.SIGHUP)
        eventually("the reload is logged", lambda: "configuration reloaded" in self.log())
        self.fire("d1")
        connection, _ = silent.accept()
        self.addCleanup(connection.close)
        eventually("the other channel is told", lambda: self.http.requests, 5)
        self.fire("d2")
        eventually("and again", lambda: len(self.http.requests) == 2, 5)
        began = time.monotonic()
        self.assertEqual(self.service.stop(), 0)
        self.assertLess(time.monotonic() - began, 10)

    def test_killed_before_it_could_note_down_that_it_sent(self):
        """[lesson-25] The message comes again, with the same delivery; nothing is lost, nothing else comes twice."""
        self.service.stop()
        self.service.start(TELLTALE_FAIL_POINT="notify-record:2").wait_ready()
        self.fire("d1")
        self.fire("d2")
        eventually("the service is killed", lambda: not self.service.alive())
        self.assertEqual(len(self.http.requests), 2)
        self.service.start().wait_ready()
        eventually("the second comes again", lambda: len(self.http.requests) == 3)
        first, second, again = ((r.headers["X-Telltale-Delivery"], r.body) for r in self.http.requests)
        self.assertEqual(again, second)
        self.assertNotEqual(first, second)
        self.fire("d3")
        eventually("what comes next is told", lambda: len(self.http.requests) >= 4)
        self.assertIn("d3", self.bodies()[3]["groupKey"])

    def test_killed_before_it_sent(self):
        self.service.stop()
        self.service.start(TELLTALE_FAIL_POINT="notify-send").wait_ready()
        self.fire()
        eventually("the service is killed", lambda: not self.service.alive())
        self.assertEqual(self.http.requests, [])
        self.service.start().wait_ready()
        eventually("it is sent after the restart", lambda: self.http.requests)
        self.fire("next")
        eventually("what comes next is told", lambda: len(self.http.requests) >= 2)
        self.assertEqual([b["groupKey"] for b in self.bodies()], ["default/too-hot:esp32-7", "default/too-hot:next"])

    def test_a_lost_broker_is_told_of_without_mqtt(self):
        self.fire()
        eventually("something works before", lambda: self.http.requests)
        self.broker.end(signal.SIGKILL)
        eventually("link-down is told", lambda: any(b["groupLabels"]["alertname"] == "link-down" for b in self.bodies()), 60)

    def test_channels_are_reloaded(self):
        other = HttpReceiver()
        self.addCleanup(other.close)
        self.fire()
        eventually("the first channel is told", lambda: self.http.requests)
        text = self.service.config.read_text()
        self.service.config.write_text(
            text + f'[[channel]]\nname = "second"\nkind = "webhook"\nformat = "flat"\nurl = "{other.url}"\n{QUICK}')
        self.service.process.send_signal(signal.SIGHUP)
        eventually("the new channel is told of what fires", lambda: other.requests)
        flat = json.loads(other.requests[0].body)
        self.assertEqual((flat["state"], flat["rule"], flat["device"]), ("firing", "too-hot", "esp32-7"))
        self.assertEqual(len(self.http.requests), 1)

    def test_notify_test_says_what_happened(self):
        def test(channel):
            answer = self.service.run("notify-test", channel, "--config", self.service.config)
            return answer.returncode, answer.stdout + answer.stderr
        self.assertEqual(test("ops"), (0, f"ops (webhook, {self.http.url}): delivered: HTTP 200\n"))
        self.assertEqual(self.bodies()[0]["alerts"][0]["labels"]["alertname"], "notify-test")
        self.http.answer = lambda request: (401, {})
        code, text = test("ops")
        self.assertEqual(code, 1)
        self.assertIn("not delivered: HTTP 401", text)
        self.assertEqual(test("opps"), (2, "telltale notify-test: no channel 'opps'; there are: ops\n"))
        self.http.close()
        code, text = test("ops")
        self.assertEqual(code, 1)
        self.assertIn("Couldn't connect to server", text)
        self.http = HttpReceiver()


class Https(Notified):
    def channels(self):
        self.secure = HttpReceiver(tls=self.tls)
        self.addCleanup(self.secure.close)
        token = self.secret("token", "tk_secret")
        return (f'[[channel]]\nname = "phone"\nkind = "ntfy"\nurl = "{self.secure.url}"\ntopic = "plant"\nca = "{self.tls.ca}"\n'
                f'token_file = "{token}"\n{QUICK}'
                f'[[channel]]\nname = "chat"\nkind = "slack"\nurl_file = "{self.secret("url", self.http.url + "/T0/B0/x")}"\n{QUICK}'
                f'[[channel]]\nname = "unknown-ca"\nkind = "webhook"\nurl = "{self.secure.url}/secret-path"\n{QUICK}')

    def test_ntfy_by_https_with_a_token_and_slack_by_a_secret_url(self):
        self.fire()
        eventually("both are told", lambda: self.secure.requests and self.http.requests)
        ntfy = self.secure.requests[0]
        self.assertEqual((ntfy.path, ntfy.headers["Authorization"]), ("/", "Bearer tk_secret"))
        body = json.loads(ntfy.body)
        self.assertEqual((body["topic"], body["title"], body["priority"], body["tags"]),
                         ("plant", "[critical] too-hot", 5, ["rotating_light"]))
        self.assertEqual(self.http.requests[0].path, "/T0/B0/x")
        self.assertEqual(json.loads(self.http.requests[0].body)["text"], "[FIRING][critical] too-hot esp32-7 (site1)")
        eventually("the third does not trust the certificate", lambda: "unknown-ca does not deliver" in self.log())
        self.assertNotIn("tk_secret", self.log())
        self.assertNotIn("/T0/B0", self.log())
        self.assertNotIn("secret-path", self.log())
        answer = self.service.run("notify-test", "unknown-ca", "--config", self.service.config)
        self.assertEqual(answer.returncode, 1)
        self.assertIn("certificate", answer.stderr)


class Email(Notified):
    def channels(self):
        self.mail = MailServer(self.tls, password="hunter2", refuse=("gone@plant.test",))
        self.plain = MailServer()
        self.addCleanup(self.mail.close)
        self.addCleanup(self.plain.close)
        common = f'kind = "email"\nfrom = "telltale@plant.test"\n{QUICK}'
        return (f'[[channel]]\nname = "mail"\nurl = "{self.mail.url}"\nto = ["gone@plant.test", "ops@plant.test"]\nca = "{self.tls.ca}"\n'
                f'username = "telltale"\npassword_file = "{self.secret("password", "hunter2")}"\n{common}'
                f'[[channel]]\nname = "open"\nurl = "{self.plain.url}"\nto = ["ops@plant.test"]\n{common}')

    def test_mails_by_starttls_thread_and_none_goes_out_in_the_clear(self):
        self.fire()
        eventually("the mail is there", lambda: self.mail.mails)
        self.assertEqual(self.mail.logins, [("telltale", "hunter2")])
        mail = self.mail.mails[0]
        self.assertEqual((mail.sender, mail.recipients), ("telltale@plant.test", ["ops@plant.test"]))
        message = mail.message
        self.assertEqual(message["Subject"], "[FIRING][critical] too-hot esp32-7 (site1)")
        self.assertEqual(message["Auto-Submitted"], "auto-generated")
        self.assertEqual([part.get_content_type() for part in message.iter_parts()], ["text/plain", "text/html"])
        self.assertIn("86.2", message.get_body(("plain",)).get_content())
        self.assertIn("https://telltale.example/alerts/a-", message.get_body(("html",)).get_content())
        self.fire(value=20)
        eventually("the end as well", lambda: len(self.mail.mails) == 2)
        end = self.mail.mails[1].message
        self.assertEqual(end["References"], message["Message-ID"])
        self.assertNotEqual(end["Message-ID"], message["Message-ID"])
        self.assertEqual(end["Subject"], "[RESOLVED][critical] too-hot esp32-7 (site1)")
        eventually("the server without TLS is refused", lambda: "channel open does not deliver" in self.log())
        self.assertEqual(self.plain.mails, [])
        self.assertNotIn("hunter2", self.log())

    def test_notify_test_says_what_is_wrong_with_a_mail_server(self):
        def test(change):
            text = self.service.config.read_text()
            file = self.folder / "try.toml"
            file.write_text(change(text))
            answer = self.service.run("notify-test", "mail", "--config", file)
            return answer.returncode, answer.stdout + answer.stderr
        self.assertEqual(test(lambda t: t)[0], 0)
        code, text = test(lambda t: t.replace(f'ca = "{self.tls.ca}"', ""))
        self.assertEqual(code, 1)
        self.assertIn("certificate", text)
        code, text = test(lambda t: t.replace('username = "telltale"', 'username = "nobody"'))
        self.assertEqual(code, 1)
        self.assertIn("SMTP 535", text)
        code, text = test(lambda t: t.replace(self.mail.url, self.plain.url))
        self.assertEqual(code, 1)
        self.assertIn("the server offers no TLS: smtps://, another port, or insecure = true", text)
        code, _ = test(lambda t: t.replace(self.mail.url, self.plain.url).replace('username = "telltale"', "").replace(
            f'password_file = "{self.folder / "password"}"', "insecure = true"))
        self.assertEqual(code, 0)
        self.assertEqual(len(self.plain.mails), 1)
        wrapped = MailServer(self.tls, wrapped=True)
        self.addCleanup(wrapped.close)
        code, _ = test(lambda t: t.replace(self.mail.url, wrapped.url).replace('username = "telltale"', "").replace(
            f'password_file = "{self.folder / "password"}"', ""))
        self.assertEqual((code, len(wrapped.mails)), (0, 1))


@unittest.skipUnless(shutil.which("prometheus-alertmanager"), "there is no prometheus-alertmanager on this machine")
class Alertmanager(Notified):
    def prepare(self):
        self.port = free_port()
        super().prepare()
        folder = self.folder / "alertmanager"
        folder.mkdir()
        (folder / "am.yml").write_text(
            "route:\n  receiver: back\n  group_by: [alertname]\n  group_wait: 1s\n  group_interval: 1s\n"
            f"receivers:\n  - name: back\n    webhook_configs:\n      - url: {self.http.url}/am\n")
        with open(folder / "log", "wb") as log:
            self.alertmanager = subprocess.Popen(
                ["prometheus-alertmanager", f"--config.file={folder}/am.yml", f"--storage.path={folder}/data",
                 f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address="], stdout=log, stderr=log)
        self.addCleanup(self.alertmanager.wait)
        self.addCleanup(self.alertmanager.kill)
        eventually("Alertmanager answers", lambda: self.alerts() is not None)

    def channels(self):
        return (f'[[channel]]\nname = "am"\nkind = "alertmanager"\nurl = "http://127.0.0.1:{self.port}"\n'
                f'[[channel]]\nname = "ops"\nkind = "webhook"\nurl = "{self.http.url}/ops"\n{QUICK}')

    def alerts(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v2/alerts", timeout=5) as answer:
                return json.loads(answer.read())
        except OSError:
            return None

    def test_the_real_alertmanager_takes_pushes_and_sends_the_same_webhook_as_we_do(self):
        self.fire()
        alert = eventually("the alert is there", self.alerts)[0]
        self.assertEqual(alert["labels"]["alertname"], "too-hot")
        self.assertEqual(alert["status"]["state"], "active")

        def by_path(path, status):
            return next((json.loads(r.body) for r in self.http.requests
                         if r.path == path and json.loads(r.body)["status"] == status), None)
        theirs = eventually("its webhook", lambda: by_path("/am", "firing"))
        ours = eventually("our webhook", lambda: by_path("/ops", "firing"))
        self.assertEqual(set(theirs), set(ours))
        self.assertEqual(set(theirs["alerts"][0]), set(ours["alerts"][0]))
        for key in ("version", "status", "truncatedAlerts", "groupLabels", "commonLabels", "commonAnnotations"):
            self.assertEqual(theirs[key], ours[key], key)
        for key in ("status", "labels", "annotations", "generatorURL", "fingerprint", "endsAt"):
            self.assertEqual(theirs["alerts"][0][key], ours["alerts"][0][key], key)
        self.fire(value=20)
        eventually("its end is taken at once", lambda: by_path("/am", "resolved"))
        eventually("it lists nothing any more", lambda: self.alerts() == [])


if __name__ == "__main__":
    unittest.main()
