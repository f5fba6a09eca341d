#!/usr/bin/env python3
"""HTTPS: the API over TLS, and a new certificate by SIGHUP while connections go on."""
import http.client
import json
import shutil
import signal
import socket
import ssl
import subprocess
import unittest

from scene import PROGRAM, Scene, eventually
from service import ROOT


class Https(Scene):
    start_service = False

    def prepare(self):
        self.pki("init", self.folder / "pki")
        self.certificate("one")
        self.config = f'cert = "{self.folder}/http.crt"\nkey = "{self.folder}/http.key"\n[store]\npath = "@DATA@"\n'
        self.ca = self.folder / "pki/services/ca.crt"

    def pki(self, *args):
        subprocess.run([ROOT / "deploy/pki.sh", *map(str, args)], check=True, capture_output=True, timeout=60)

    def certificate(self, name):
        """A new one in the service's place."""
        self.pki("server", self.folder / "pki", name, "localhost", "127.0.0.1")
        for kind in ("crt", "key"):
            shutil.copy(self.folder / f"pki/{name}/{name}.{kind}", self.folder / f"http.{kind}")

    def setUp(self):
        super().setUp()
        self.service.start()
        eventually("it is healthy over TLS", lambda: self.healthy("--ca", self.ca), 60)

    def healthy(self, *more, scheme="https"):
        return subprocess.run([PROGRAM, "healthcheck", "--url", f"{scheme}://127.0.0.1:{self.service.http}", *map(str, more)],
                              capture_output=True, timeout=60).returncode == 0

    def connect(self):
        connection = http.client.HTTPSConnection("127.0.0.1", self.service.http, context=ssl.create_default_context(cafile=self.ca), timeout=30)
        self.addCleanup(connection.close)
        return connection

    def serial(self, connection):
        return connection.sock.getpeercert()["serialNumber"]

    def get(self, connection, path):
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def test_answers_of_every_length_come_over_one_connection(self):
        self.assertFalse(self.healthy())  # of an authority that nobody knows
        self.assertFalse(self.healthy(scheme="http"))
        connection = self.connect()
        for _ in range(3):
            status, body = self.get(connection, "/api/v1/openapi.json")
            self.assertEqual((status, json.loads(body)["openapi"][:2]), (200, "3."))
            self.assertEqual(self.get(connection, "/healthz")[0], 200)

    def test_its_health_is_found_by_its_configuration(self):
        check = subprocess.run([PROGRAM, "healthcheck", "--config", str(self.service.config)], capture_output=True, text=True, timeout=60)
        self.assertEqual((check.returncode, json.loads(check.stdout)["status"]), (0, "ok"), check.stderr)

    def test_the_end_of_a_connection_is_no_truncation(self):
        context = ssl.create_default_context(cafile=self.ca)
        with socket.create_connection(("127.0.0.1", self.service.http), timeout=30) as plain, \
                context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False) as stream:
            stream.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = b""
            while part := stream.recv(4096):
                answer += part
        self.assertTrue(answer.startswith(b"HTTP/1.1 200"))

    def test_a_stream_tells_what_happens(self):
        connection = self.connect()
        connection.request("GET", "/api/v1/stream?topics=readings,presence")
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        self.publish("telemetry/s/d", '{"temperature":21.5}')
        self.flush()
        seen = b""
        while b"temperature" not in seen:
            part = answer.read1(4096)
            self.assertTrue(part, "the stream has ended")
            seen += part

    def test_what_speaks_no_tls_does_not_hold_up_the_others(self):
        silent = [socket.create_connection(("127.0.0.1", self.service.http)) for _ in range(300)]  # more than may be open
        silent[0].sendall(b"GET / HTTP/1.1\r\n\r\n")
        self.assertTrue(self.healthy("--ca", self.ca))
        for connection in silent:
            connection.close()

    def test_a_new_certificate_is_in_force_after_sighup_and_a_bad_one_changes_nothing(self):
        old = self.connect()
        self.assertEqual(self.get(old, "/healthz")[0], 200)
        first = self.serial(old)
        self.certificate("two")

        def serial_now():
            connection = self.connect()
            self.assertEqual(self.get(connection, "/healthz")[0], 200)
            return self.serial(connection)
        self.assertEqual(serial_now(), first)
        self.service.process.send_signal(signal.SIGHUP)
        eventually("the new one is shown", lambda: serial_now() != first, 30)
        second = serial_now()
        self.assertEqual(self.get(old, "/healthz")[0], 200)
        self.assertEqual(self.serial(old), first)

        (self.folder / "http.crt").write_text("no certificate\n")
        self.service.process.send_signal(signal.SIGHUP)
        eventually("it is said", lambda: "http.cert: " in (self.service.folder / "telltale.log").read_text(), 30)
        self.assertEqual(serial_now(), second)
        self.assertIn(b"telltale_config_last_reload_successful 0", self.get(self.connect(), "/metrics")[1])


if __name__ == "__main__":
    unittest.main()
