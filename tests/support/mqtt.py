"""A small MQTT 3.1.1 client for tests: QoS 1 out with its PUBACKs counted, QoS 1 in with PUBACKs sent. One thread."""
import select
import socket
import struct
import time


def _length(n):
    out = bytearray()
    while True:
        out.append((n & 127) | (128 if n > 127 else 0))
        n >>= 7
        if not n:
            return bytes(out)


def _text(s):
    b = s.encode()
    return struct.pack(">H", len(b)) + b


def publish_frame(topic, payload, packet_id, retain=False):
    body = _text(topic) + struct.pack(">H", packet_id) + payload
    return bytes([0x32 | (1 if retain else 0)]) + _length(len(body)) + body


class Client:
    """Without a keepalive: a test that is busy elsewhere is not taken for dead."""

    def __init__(self, port, client_id, clean=True, keepalive=0, will=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.messages = []   # (topic, payload) as they came
        self.unacked = set()
        self.next_id = 1
        flags = (2 if clean else 0) | (4 | 1 << 3 | 32 if will else 0)  # QoS 1, retained
        body = _text("MQTT") + bytes([4, flags]) + struct.pack(">H", keepalive) + _text(client_id)
        if will:
            topic, payload = will
            body += _text(topic) + _text(payload)
        self.socket.sendall(bytes([0x10]) + _length(len(body)) + body)
        frame = self._frame(60)
        if not frame:
            raise ConnectionError("the broker closed the connection before its CONNACK")
        assert frame[0] >> 4 == 2 and frame[1][1] == 0, f"CONNACK refused: {frame}"
        self.socket.setblocking(False)

    def subscribe(self, topic_filter, qos=1):
        body = struct.pack(">H", 1) + _text(topic_filter) + bytes([qos])
        self._send(bytes([0x82]) + _length(len(body)) + body)

    def publish(self, topic, payload, retain=False):
        """Its packet id, which is in `unacked` until the PUBACK has come."""
        while self.next_id in self.unacked:
            self.pump(0.05)
        packet_id, self.next_id = self.next_id, self.next_id % 65535 + 1
        self.unacked.add(packet_id)
        self._send(publish_frame(topic, payload, packet_id, retain))
        return packet_id

    def pump(self, seconds):
        """Reads what there is, waiting at most that long for the first byte."""
        ready, _, _ = select.select([self.socket], [], [], seconds)
        if not ready:
            return
        try:
            data = self.socket.recv(1 << 18)
        except BlockingIOError:
            return
        if not data:
            raise ConnectionError("the broker closed the connection")
        self.buffer += data
        while (frame := self._parse()) is not None:
            self._handle(*frame)

    def close(self):
        self._send(b"\xe0\x00")
        self.socket.close()

    def _send(self, data):
        view = memoryview(data)
        while view:
            try:
                view = view[self.socket.send(view):]
            except BlockingIOError:
                self.pump(0.01)

    def _handle(self, header, body):
        kind = header >> 4
        if kind == 4:
            self.unacked.discard(struct.unpack(">H", body[:2])[0])
        elif kind == 3:
            n = struct.unpack(">H", body[:2])[0]
            topic, rest = body[2:2 + n].decode(), body[2 + n:]
            if header & 6:
                packet_id, rest = rest[:2], rest[2:]
                self._send(b"\x40\x02" + packet_id)
            self.messages.append((topic, bytes(rest)))

    def _parse(self):
        size, shift, at = 0, 0, 1
        while True:
            if at >= len(self.buffer):
                return None
            b = self.buffer[at]
            size |= (b & 127) << shift
            shift, at = shift + 7, at + 1
            if not b & 128:
                break
        if len(self.buffer) < at + size:
            return None
        header, body = self.buffer[0], self.buffer[at:at + size]
        self.buffer = self.buffer[at + size:]
        return header, body

    def _frame(self, seconds):
        self.socket.settimeout(seconds)
        while (frame := self._parse()) is None:
            data = self.socket.recv(4096)
            if not data:
                return None
            self.buffer += data
        return frame


def connect_again(*arguments, seconds=120, **more):
    """A new Client once the broker takes it."""
    end = time.monotonic() + seconds
    while True:
        try:
            return Client(*arguments, **more)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
