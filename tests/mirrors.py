"""Servers on this machine that play the mirrors of a data set: good ones, and those that cut, lie or hang."""

import contextlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Mirror(ThreadingHTTPServer):
    """A server of some files whose manners can be changed: see `_Handler.do_GET`."""

    daemon_threads = True

    def __init__(self, files, manners="good"):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files, self.manners = files, manners
        self.asked = []  # (name, first byte asked for)
        self.sent = dict.fromkeys(files, 0)  # bytes of each file that were sent
        self.closing = threading.Event()

    @property
    def url(self):
        return f"http://{self.host}/folder/"

    @property
    def host(self):
        return f"127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        mirror, manners = self.server, self.server.manners
        name = self.path.removeprefix("/folder/")
        start = int(re.fullmatch(r"bytes=(\d+)-", self.headers["Range"])[1])
        mirror.asked.append((name, start))
        if manners == "hangs":
            mirror.closing.wait(10)
            return
        if manners == "html":
            self._answer(200, b"<html>Please log in to the network</html>", kind="text/html; charset=utf-8")
            return
        if name not in mirror.files or manners == "missing":
            self.send_error(404)
            return
        whole = mirror.files[name]
        if manners == "wrong bytes":
            whole = whole[:-1] + bytes([whole[-1] ^ 1])
        ranged = start > 0 and manners != "no range"
        body = whole[start:] if ranged else whole
        status = 206 if ranged else 200
        if manners == "cuts":
            self._answer(status, body[: len(body) // 2], length=len(body))
        elif manners == "stalls":
            self._answer(status, body[: len(body) // 2], length=len(body))
            mirror.closing.wait(10)
        elif manners == "wrong length":
            self._answer(status, body[:-1])
        elif manners == "nonsense length":
            self._answer(status, body, length="many")
        elif manners == "endless":
            self._answer(status, body + b"and more", length=None)
        else:
            self._answer(status, body)

    def _answer(self, status, body, length=-1, kind="application/octet-stream"):
        name = self.path.removeprefix("/folder/")  # counted before it is sent: afterwards the test may be quicker
        self.server.sent[name] = self.server.sent.get(name, 0) + len(body)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", len(body) if length == -1 else length)
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # the other side may have hung up on what it does not want
            self.wfile.write(body)
            self.wfile.flush()

    def log_message(self, *_):
        pass
