"""Stands in for a station. The reference of a picture is the verdict it gets; a line judges one picture and no more."""

import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RESULTS = []
SAYS = {
    "OK": ("OK", {"outcome": "OK", "ng_reason": None}),
    "NG": ("NG", {"outcome": "NG", "ng_reason": "a scratch"}),
    "dark": ("NOT_READY", {"outcome": "FAILED", "ng_reason": None}),
}


def result(picture, line):
    verdict, said = SAYS[picture]
    RESULTS.append({
        **said, "id": len(RESULTS) + 1, "phase": "pre_execute" if picture == "dark" else "execute", "defects": [],
        "error_code": None, "message": "", "pid": "A01", "line": line, "took_us": 1000, "has_thumbnail": True,
    })
    return {"verdict": verdict, "results": [RESULTS[-1]]}


class Station(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/events":
            self.send_response(200)
            self.send_header("connection", "close")
            self.end_headers()
            while True:
                time.sleep(0.1)
                told = result("NG", "look")["results"][0]
                self.wfile.write(f"id: 1\nevent: result\ndata: {json.dumps(told)}\n\n".encode())
        elif self.path.endswith("/thumbnail"):
            self.answer(200, b"a picture")
        else:
            self.answer(200, RESULTS if self.path.startswith("/results") else {})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/inspections":
            self.answer(201, {"id": "1"})
        elif self.path.endswith("/steps"):
            self.answer(200, result(asked["picture"]["pool"], None))
        else:
            self.answer(200, {})


def end(*_):
    os._exit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, end)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Station)
    print(json.dumps({"page": f"http://127.0.0.1:{server.server_port}/"}), flush=True)
    if os.environ.get("FAKE_FAILS") == "station":
        sys.exit(1)
    server.serve_forever()
