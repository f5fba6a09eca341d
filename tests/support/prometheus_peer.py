"""A private Prometheus for tests: Debian's, on a free loopback port, ended by its id."""
import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from service import free_port


def make_blocks(folder, openmetrics):
    """Data of samples that Prometheus never scraped."""
    (folder / "samples.txt").write_text(openmetrics)
    made = subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", folder / "samples.txt", folder / "data"],
                          capture_output=True, text=True, timeout=120)
    assert made.returncode == 0, made.stderr


class Prometheus:
    """Over FOLDER/prometheus.yml and FOLDER/data."""

    def __init__(self, folder):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/api/v1"
        self.log = open(folder / "prometheus.log", "wb")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
             "--storage.tsdb.retention.time=10y", f"--web.listen-address=127.0.0.1:{self.port}"],
            stdout=self.log, stderr=self.log)

    def ready(self):
        assert self.process.poll() is None, "prometheus ended"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=10) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def end(self):
        self.process.terminate()
        self.process.wait(60)
        self.log.close()


def call(base, path, form=None, post=False):
    """Status and document."""
    text = urllib.parse.urlencode(form or [])
    request = (urllib.request.Request(f"{base}{path}", data=text.encode()) if post
               else urllib.request.Request(f"{base}{path}?{text}"))
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())
