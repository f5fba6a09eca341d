"""Receivers of notifications: an HTTP server, a mail server, and a certificate authority for both."""
import email
import email.policy
import http.server
import pathlib
import ssl
import subprocess
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from service import free_port


class Request:
    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body


class HttpReceiver:
    """Keeps every POST. `answer(request)` gives status and headers."""

    def __init__(self, port=0, tls=None):
        receiver = self
        self.requests = []
        self.answer = lambda request: (200, {})

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = Request(self.path, dict(self.headers), body)
                receiver.requests.append(request)
                status, headers = receiver.answer(request)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls.cert, tls.key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Mail:
    def __init__(self, envelope):
        self.sender, self.recipients, self.bytes = envelope.mail_from, envelope.rcpt_tos, envelope.content
        self.message = email.message_from_bytes(envelope.content, policy=email.policy.default)


class MailServer:
    """aiosmtpd, with STARTTLS when `tls` is given, or TLS from the start; `password` asks for AUTH."""

    def __init__(self, tls=None, password=None, refuse=(), wrapped=False):
        server = self
        self.mails = []
        self.logins = []

        class Handler:
            async def handle_RCPT(self, _server, _session, envelope, address, _options):
                if address in refuse:
                    return "550 no such user"
                envelope.rcpt_tos.append(address)
                return "250 OK"

            async def handle_DATA(self, _server, _session, envelope):
                server.mails.append(Mail(envelope))
                return "250 taken"

        def authenticate(_server, _session, _envelope, _mechanism, data):
            login = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode())
            server.logins.append(login)
            good = login == ("telltale", password)
            return AuthResult(success=good, handled=good)

        options = {}
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls.cert, tls.key)
            options.update({"ssl_context": context} if wrapped else {"tls_context": context, "require_starttls": True})
        if password:
            options.update(authenticator=authenticate, auth_required=True)
        self.controller = Controller(Handler(), hostname="127.0.0.1", port=0, **options)
        self.controller.port = free_port()
        self.controller.start()
        self.url = f"smtp{'s' if wrapped else ''}://127.0.0.1:{self.controller.port}"

    def close(self):
        self.controller.stop()


class Tls:
    """A test authority and a certificate for 127.0.0.1."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.ca, self.cert, self.key = (str(folder / name) for name in ("ca.crt", "server.crt", "server.key"))
        (folder / "ext").write_text("subjectAltName=IP:127.0.0.1\n")
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        for command in (["req", "-x509", *curve, "-days", "2", "-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.crt"],
                        ["req", *curve, "-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "server.csr"],
                        ["x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                         "-extfile", "ext", "-out", "server.crt"]):
            subprocess.run(["openssl", *command], cwd=folder, check=True, capture_output=True)
