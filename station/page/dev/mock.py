#!/usr/bin/env python3
"""A development tool, not a part of the station: speaks the station's HTTP API with made-up, living data.

    python3 station/page/dev/mock.py [--port 8788] [--auth] [--hostile] [--results 5000] [--pause 0.3] [--steps]

It serves the page from the folder above with the policy that the real server sends, so that the page can be tried
without a station: three seats judge the pictures of the examples, with the defects that the examples really find
there. The seat C01 hangs now and then, is killed, restarted, and in the end alarmed until somebody starts it (or,
after a while, by itself).

With --auth the tokens are `view`, `operate` and `manage`, each with the role of its name. With --hostile everything
that comes from a package or an algorithm tries to do harm. Nothing is checked here as the real server checks it.
"""

import argparse
import itertools
import json
import pathlib
import queue
import random
import re
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = pathlib.Path(__file__).resolve().parents[1]
EXAMPLES = PAGE.parents[1] / "examples"
POLICY = "default-src 'self'; img-src 'self' data: blob:"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
ROLES = ["view", "operate", "manage"]
HOSTILE = [
    "<img src=x onerror=\"document.title='owned'\">",
    "</script><script>document.title='owned'</script>",
    "\u202egnp.exe\u202c \u2066reversed\u2069",
    "שלום עולם مرحبا بالعالم",
    "🏭🔧👩‍🏭 Ünïcödé ẗ̷̢e̸x̵t",
    "javascript:document.title='owned'",
    "W" * 10_000,
    "a\u0000b\u0007c\r\nd\u2028e",
    "{{7*7}} ${7*7} %s %n '\"`",
]


def rect(x, y, width, height, label, score=1.0):
    return {"x": x, "y": y, "width": width, "height": height, "label": label, "score": score}


class Picture:
    """A picture of the examples, with what the example says about it."""

    def __init__(self, path, width, height, outcome, text, defects=(), debug=None, weight=1):
        self.path = EXAMPLES / path
        self.width, self.height, self.outcome, self.text = width, height, outcome, text
        self.defects, self.debug, self.weight = list(defects), debug or {}, weight

    def bytes(self):
        return self.path.read_bytes() if self.path.is_file() else generated(self.width, self.height)


def generated(width, height):
    """A gray PNG, for those who have copied this file without the examples."""
    import struct
    import zlib

    row = b"\0" + bytes((x * 255 // width) for x in range(width))
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(row * height)) + chunk(b"IEND", b"")
    )


PARTS = {"parts_found": 24, "parts_missing": 0, "parts_surplus": 0, "largest_displacement_px": 1.4}
SEATS = {
    "A01": (
        "presence_check",
        [
            Picture("presence-check/pictures/coins.png", 384, 303, "OK", "all 24 parts present", (), PARTS, 14),
            Picture("presence-check/pictures/coins-dim.png", 384, 303, "OK", "all 24 parts present", (), PARTS, 4),
            Picture(
                "presence-check/pictures/coins-one-missing.png",
                384,
                303,
                "NG",
                "1 part missing",
                [rect(25, 104, 42, 41, "missing: coin 7")],
                PARTS | {"parts_missing": 1},
            ),
            Picture(
                "presence-check/pictures/coins-one-surplus.png",
                384,
                303,
                "NG",
                "1 surplus part",
                [rect(295, 74, 24, 24, "surplus part")],
                PARTS | {"parts_surplus": 1},
            ),
        ],
    ),
    "B01": (
        "surface_defect",
        [
            Picture(
                "surface-defect/pictures/brick-moved.png",
                512,
                512,
                "OK",
                "no defect",
                (),
                {"shift_right_px": -5, "shift_down_px": 2, "alignment_correlation": 0.9936},
                3,
            ),
            Picture(
                "surface-defect/pictures/brick-marred.png",
                512,
                512,
                "NG",
                "1 scratch, 1 stain",
                [rect(144, 181, 114, 73, "scratch", 0.8164), rect(335, 337, 43, 28, "stain", 0.7848)],
                {"shift_right_px": -5, "shift_down_px": 2, "strongest_defect": 4.446},
                2,
            ),
        ],
    ),
    "C01": (
        "capture_quality",
        [
            Picture(
                "capture-quality/pictures/coffee.png",
                600,
                400,
                "OK",
                "1 of 1 frames good so far",
                (),
                {"exposure": 103.65, "sharpness": 1534.6},
                5,
            ),
            Picture(
                "capture-quality/pictures/coffee-dark.png",
                600,
                400,
                "NOT_READY",
                "too dark: mean 26.0, required 50.0",
                [rect(0, 0, 600, 400, "too dark: mean 26.0")],
                {"exposure": 26.03},
                2,
            ),
            Picture(
                "capture-quality/pictures/coffee-blurred.png",
                600,
                400,
                "NOT_READY",
                "out of focus: 2.3, required 100.0",
                [rect(0, 0, 600, 400, "out of focus: 2.3")],
                {"sharpness": 2.33},
                1,
            ),
        ],
    ),
}
DIGEST = "8d50b9c58656e2a464a13d7167d30339148788a4dc938209dceec5f454c4964d"


def now():
    return int(time.time() * 1000)


def iso(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms / 1000)) + f".{ms % 1000:03}Z"


class Mock:
    def __init__(self, options):
        self.options = options
        self.lock = threading.RLock()
        self.started = now()
        self.results, self.pictures, self.logs = [], {}, []
        self.listeners, self.events, self.event_ids = [], [], itertools.count(1)
        self.ids = itertools.count(1)
        self.published = 90_000
        self.algorithms, self.previous = {}, {}
        for name, pids, text in (
            ("presence_check", ["A01", "A02"], "Are all parts on the tray, at their places, and none too many?"),
            ("surface_defect", ["B01", "B02"], "Scratches and stains against a reference picture of a good part"),
            ("capture_quality", ["C01"], "Is the picture good enough to judge: exposure, contrast, focus?"),
        ):
            for version in ("0.1.0", "0.2.0"):
                self.install(name, version, pids, text)
        self.seats = {}
        for number, (pid, (name, _)) in enumerate(SEATS.items()):
            self.seat(pid, name, "0.1.0", 2 if pid == "A01" else 1, number)
        self.lines = [
            {
                "name": f"line-{pid.lower()}",
                "pid": pid,
                "source": f"camera-{pid.lower()}",
                "state": "running",
                "inspections": 0,
            }
            for pid in self.seats
        ]
        if options.hostile:
            self.hostile()
        self.history(options.results)

    def install(self, name, version, pids, text):
        self.algorithms[name, version] = {
            "name": name,
            "version": version,
            "digest": DIGEST,
            "description": text,
            "state": "deployed",
            "supported_pids": pids,
            "pids": [],
            "installed": iso(self.started - 86_400_000),
            "users": 0,
            "signature": {
                "status": "valid" if version == "0.1.0" else "unsigned",
                "message": "",
                "signer": "acme" if version == "0.1.0" else None,
            },
        }

    def seat(self, pid, name, version, workers=1, number=5):
        self.seats[pid] = {
            "pid": pid,
            "name": name,
            "version": version,
            "digest": DIGEST,
            "since": iso(self.started),
            "state": "ready",
            "kind": "package",
            "queue": {"waiting": 0, "bound": 8},
            "workers": [
                {
                    "id": str(index),
                    "process": 4100 + number * 10 + index,
                    "state": "ready",
                    "since_ms": self.started,
                    "restarts": 0,
                    "last_failure": None,
                }
                for index in range(workers)
            ],
        }

    def hostile(self):
        for index, text in enumerate(HOSTILE):
            name = text if index != 5 else ".."
            self.install(name, text, [text, "A01"], text)
            self.algorithms[name, text].update(
                digest=text, state=text, signature={"status": text, "message": text, "signer": text}
            )
        for text in (HOSTILE[0], HOSTILE[2], HOSTILE[6]):
            self.seat(text, text, text)
            self.seats[text]["workers"][0].update(id=text, last_failure=text)
        self.lines.append(
            {"name": HOSTILE[0], "pid": HOSTILE[2], "source": HOSTILE[6], "state": "stopped", "inspections": -1}
        )

    def history(self, count):
        """What was judged before: denser towards now."""
        at = now() - 3_600_000
        for index in range(count):
            self.judge(random.choice(list(SEATS)), at + index * 3_600_000 // max(1, count), False)

    # What happens

    def emit(self, kind, data):
        with self.lock:
            event = (next(self.event_ids), kind, json.dumps(data))
            self.events = self.events[-500:] + [event]
            for listener in self.listeners:
                listener.put(event)

    def log(self, pid, level, message, **fields):
        if self.options.hostile and random.random() < 0.3:
            message, fields = random.choice(HOSTILE), {random.choice(HOSTILE[:6]): random.choice(HOSTILE)}
        line = {"at_ms": now(), "pid": pid, "worker": "0", "level": level, "message": message, "fields": fields}
        self.logs = self.logs[-5000:] + [line]
        self.emit("log", line)

    def judge(self, pid, at=None, live=True, failure=None):
        seat = self.seats[pid]
        _, pictures = SEATS.get(pid, (None, SEATS["A01"][1]))
        picture = random.choices(pictures, [picture.weight for picture in pictures])[0]
        at = at or now()
        inspection = f"{at:x}-{random.randrange(1 << 16):04x}"
        outcomes = []
        if picture.outcome == "NOT_READY" and not failure:
            outcomes = [("pre_execute", "FAILED", None, picture)]
        elif failure:
            outcomes = [("execute", "FAILED", failure, picture)]
        else:
            outcomes = [("execute", picture.outcome, None, picture)]
            if self.options.steps and pid == "A01":
                outcomes.append(("execute", "OK", None, pictures[0]))
        for step, (phase, outcome, code, shown) in enumerate(outcomes, 1):
            text = shown.text
            took = int(random.lognormvariate(7.2 + (0.9 if pid == "B01" else 0), 0.35))
            result = {
                "id": next(self.ids),
                "at_ms": at,
                "inspection": inspection,
                "request_id": f"{inspection}-{step}-1",
                "pid": pid,
                "algorithm": seat["name"],
                "version": seat["version"],
                "digest": DIGEST,
                "line": f"line-{pid.lower()}",
                "step_index": step,
                "phase": phase,
                "outcome": outcome,
                "error_code": code,
                "message": "no answer within 30000 ms" if code else "" if outcome == "NG" else text,
                "ng_reason": text if outcome == "NG" else None,
                "defects": [] if code else shown.defects,
                "picture": {
                    "source": f"pool:camera-{pid.lower()}",
                    "width": shown.width,
                    "height": shown.height,
                    "format": "Mono8",
                },
                "params": {"tolerance": 10.0, "min_area": 300},
                "debug": shown.debug,
                "attempts": 3 if code else 1,
                "waited_us": random.randrange(20, 400),
                "took_us": 30_000_000 if code else took,
                "context": {"product_code": pid, "operator": "Kim"},
                "has_thumbnail": True,
            }
            if self.options.hostile and random.random() < 0.5:
                evil = lambda: random.choice(HOSTILE)
                result.update(message=evil(), ng_reason=evil(), context={evil(): evil()}, debug={evil(): evil()})
                result["defects"] = [dict(one, label=evil()) for one in result["defects"]] + [
                    {"x": -1e9, "y": "1", "width": 1e308, "height": None, "label": evil(), "score": "high"},
                    rect(-50, 20, 9999, 40, evil(), 7e7),
                ]
                result["picture"]["source"] = evil()
            with self.lock:
                self.results.append(result)
                self.pictures[result["id"]] = shown
            if live:
                self.emit("result", result | {"url": f"/results/{result['id']}/thumbnail"})
                if outcome != "OK":
                    self.log(
                        pid,
                        "error" if code else "warn",
                        f"step {step}: {result['ng_reason'] or result['message']}",
                        inspection=inspection,
                        attempts=result["attempts"],
                    )

    def worker(self, pid, state, failure=None, restarted=False):
        seat = self.seats[pid]
        for worker in seat["workers"]:
            worker.update(state=state, since_ms=now())
            if failure:
                worker["last_failure"] = failure
            worker["restarts"] += restarted
            worker["process"] = None if state in ("waiting", "alarmed", "stopped") else random.randrange(4000, 9000)
            self.emit("worker", {"pid": pid} | worker)
        seat["state"] = state
        self.emit("seat", seat)

    def run_line(self, pid):
        while True:
            time.sleep(self.options.pause * random.uniform(0.9, 1.1) * 3)
            seat, line = self.seats.get(pid), next(
                (line for line in self.lines if line["pid"] == pid), {"state": "running", "inspections": 0}
            )
            if not seat or seat["state"] not in ("ready", "executing") or line["state"] != "running":
                continue
            line["inspections"] += 1
            self.judge(pid)
            if random.random() < 0.2:
                self.log(
                    pid,
                    "info",
                    "picture aligned",
                    shift_right_px=random.randrange(-5, 5),
                    fuel=random.randrange(10**6, 10**8),
                )

    def trouble(self):
        """The seat C01 hangs, is killed and restarted, three times; then it is alarmed."""
        wait = self.options.trouble
        while wait:
            time.sleep(wait)
            for count in range(1, 4):
                if "C01" not in self.seats:
                    break
                self.worker("C01", "executing")
                time.sleep(wait / 5)
                self.log("C01", "error", "two heartbeats lost: killed", process=4120)
                self.judge("C01", failure="1005")
                self.worker("C01", "waiting", "hung: two heartbeats lost, killed after 3 s", True)
                time.sleep(wait / 15)
                self.worker("C01", "starting")
                time.sleep(wait / 30)
            if "C01" in self.seats:
                self.worker("C01", "alarmed", "three failures in a row: hung, killed after 3 s")
                self.emit(
                    "alarm",
                    {
                        "at_ms": now(),
                        "pid": "C01",
                        "worker": "0",
                        "kind": "restarts",
                        "message": "three failures in a row",
                    },
                )
                time.sleep(wait * 1.5)
            if self.seats.get("C01", {}).get("state") == "alarmed":
                self.worker("C01", "ready")

    def find(self, query):
        wanted = {key: query[key] for key in ("pid", "algorithm", "version", "outcome", "inspection") if query.get(key)}
        since, until = int(query.get("since_ms") or 0), int(query.get("until_ms") or 1 << 60)
        before = int(query.get("before") or 1 << 60)
        with self.lock:
            found = (
                one
                for one in reversed(self.results)
                if one["id"] < before
                and since <= one["at_ms"] < until
                and all(str(one[key]) == value for key, value in wanted.items())
            )
            return list(itertools.islice(found, int(query.get("limit") or 100) + 1))

    def statistics(self, query):
        width, buckets = int(query.get("bucket_ms") or 60_000), {}
        for one in self.find(query | {"limit": 10**9}):
            buckets.setdefault(one["at_ms"] // width * width, []).append(one)
        answer = []
        for at, of in sorted(buckets.items()):
            took = sorted(one["took_us"] for one in of)
            count = lambda word: sum(one["outcome"] == word for one in of)
            answer.append(
                {
                    "t_ms": at,
                    "ok": count("OK"),
                    "ng": count("NG"),
                    "failed": count("FAILED"),
                    "p50_us": took[len(took) // 2],
                    "p99_us": took[min(len(took) - 1, len(took) * 99 // 100)],
                }
            )
        return answer

    def shown_algorithms(self):
        for one in self.algorithms.values():
            one["pids"] = [
                pid
                for pid, seat in self.seats.items()
                if (seat["name"], seat["version"]) == (one["name"], one["version"])
            ]
            if one["state"] in ("deployed", "running"):
                one["state"] = "running" if one["pids"] else "deployed"
            one["users"] = len(one["pids"])
        return list(self.algorithms.values())

    def pools(self):
        self.published += 90
        pool = lambda name, drops: {
            "name": name,
            "slots": 16,
            "slot_bytes": 6_220_800,
            "huge_pages": True,
            "producer": name != "camera-c01",
            "consumers": 2,
            "published": self.published,
            "dropped": drops,
            "fps": 30.0 if name != "camera-c01" else 0.0,
            "states": [
                {
                    "slot": index,
                    "phase": random.choice(["free", "ready", "ready", "writing"]),
                    "generation": 9,
                    "holders": random.choice([0, 0, 0, 1, 2]),
                    "picture": {"format": "Mono8", "width": 1920, "height": 1080},
                }
                for index in range(16)
            ],
        }
        return [pool("camera-a01", 0), pool("camera-b01", 7), pool("camera-c01", 0)]


class Refusal(Exception):
    def __init__(self, status, code, message, help=None):
        self.status, self.error = status, {"code": code, "message": message} | ({"help": help} if help else {})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    mock = None

    def log_message(self, *_):
        pass

    def role(self):
        if not self.mock.options.auth:
            return self.mock.options.role
        said = self.headers.get("Authorization", "")
        token = said.removeprefix("Bearer ")
        if token not in ROLES:
            raise Refusal(401, "unauthorized", "a token is needed", "ask whoever looks after the station")
        return token

    def need(self, role):
        if ROLES.index(self.role()) < ROLES.index(role):
            raise Refusal(403, "forbidden", f"this needs the role {role}")

    def reply(self, body, status=200, kind="application/json", more=()):
        data = json.dumps(body).encode() if kind == "application/json" else body
        self.send_response(status)
        for name, value in [
            ("Content-Type", kind),
            ("Content-Length", str(len(data))),
            ("Content-Security-Policy", POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "no-store"),
            *more,
        ]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def handle_any(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        path = [urllib.parse.unquote(part) for part in url.path.strip("/").split("/")]
        length = int(self.headers.get("Content-Length") or 0)
        body = b""
        while len(body) < length:
            # Slowly, so that the progress of a transfer can be seen.
            piece = self.rfile.read(min(1 << 16, length - len(body)))
            if not piece:
                return
            body += piece
            time.sleep(0.02)
        try:
            self.answer(self.command, path, query, body)
        except Refusal as refusal:
            self.reply({"error": refusal.error}, refusal.status)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_POST = do_DELETE = handle_any

    def answer(self, method, path, query, body):
        mock, get = self.mock, method == "GET"
        if get and self.static(path):
            return None
        self.need("view")
        match path:
            case ["station"]:
                return self.reply(
                    {
                        "name": "procvision",
                        "version": "0.1.0",
                        "started_ms": mock.started,
                        "store": "/srv/procvision",
                        "frames_socket": "/run/procvision/frames.sock",
                        "role": self.role(),
                        "limits": {},
                    }
                )
            case ["events"]:
                return self.stream()
            case ["algorithms"]:
                return self.reply({"algorithms": mock.shown_algorithms()})
            case ["algorithms", "active"]:
                return self.reply({"active": list(mock.seats.values())})
            case ["results"]:
                limit = int(query.get("limit") or 100)
                found = mock.find(query)
                page = found[:limit]
                return self.reply({"results": page, "next": page[-1]["id"] if len(found) > limit else None})
            case ["results", "export"]:
                kind = query.get("format", "csv")
                return self.reply(json.dumps(mock.find(query | {"limit": 10**9})).encode(), kind="text/" + kind)
            case ["results", number]:
                return self.reply(self.result(number))
            case ["results", number, "thumbnail"]:
                return self.reply(mock.pictures[self.result(number)["id"]].bytes(), kind="image/png")
            case ["statistics"]:
                return self.reply({"buckets": mock.statistics(query)})
            case ["logs"]:
                lines = [
                    line
                    for line in mock.logs
                    if query.get("pid") in (None, "", line["pid"])
                    and query.get("inspection") in (None, "", line["fields"].get("inspection"))
                ]
                return self.reply({"lines": lines[-int(query.get("limit") or 500) :]})
            case ["frames"]:
                return self.reply({"broker": True, "pools": mock.pools()})
            case ["lines"] if get:
                return self.reply({"lines": mock.lines})
            case ["sources"]:
                return self.reply(
                    {
                        "sources": [
                            {
                                "name": f"camera-{pid.lower()}",
                                "kind": "pool",
                                "state": "ready" if pid != "C01" else "failed",
                                "message": None if pid != "C01" else "no producer is connected",
                                "pool": f"camera-{pid.lower()}",
                            }
                            for pid in SEATS
                        ]
                    }
                )
            case ["lines", name, what]:
                self.need("operate")
                next(line for line in mock.lines if line["name"] == name)["state"] = (
                    "running" if what == "start" else "stopped"
                )
                return self.reply({"name": name})
            case ["algorithms", name, version, "audit"]:
                return self.reply(self.audit(name, version), kind="text/html; charset=utf-8")
            case ["algorithms", "install" | "validate" as what]:
                self.need("manage")
                return self.package(what, body)
            case ["algorithms", name, version] if method == "DELETE":
                self.need("manage")
                one = self.algorithm(name, version)
                if one["pids"] and query.get("force") != "true":
                    raise Refusal(
                        409, "2007", f"{name} {version} judges {', '.join(one['pids'])}", "switch first, or force it"
                    )
                for pid in one["pids"]:
                    del mock.seats[pid]
                del mock.algorithms[name, version]
                mock.emit("store", {"what": "uninstall"})
                return self.reply({"schema": 1, "name": name, "version": version, "pids": one["pids"], "warnings": []})
            case ["algorithms", what] if method == "POST":
                return self.change(what, json.loads(body or b"{}"))
        raise Refusal(404, "not-found", "there is nothing here")

    def result(self, number):
        for one in self.mock.results:
            if str(one["id"]) == number:
                return one
        raise Refusal(404, "no-result", f"there is no result {number}", "it may have been removed by age or size")

    def algorithm(self, name, version):
        self.mock.shown_algorithms()
        if (name, version) not in self.mock.algorithms:
            raise Refusal(404, "not-installed", f"{name} {version} is not installed")
        return self.mock.algorithms[name, version]

    def change(self, what, asked):
        mock, pid = self.mock, asked.get("pid")
        if what in ("start", "stop"):
            self.need("operate")
            mock.worker(pid, "ready" if what == "start" else "stopped")
            return self.reply(mock.seats[pid])
        self.need("manage")
        time.sleep(1)
        if what in ("activate", "switch"):
            self.algorithm(asked["name"], asked["version"])
            moves = []
            for one in asked["pids"]:
                old = mock.seats.get(one)
                mock.previous.setdefault(one, []).append(old)
                moves.append({"pid": one, "from": old and {"name": old["name"], "version": old["version"]}})
                mock.seat(one, asked["name"], asked["version"])
            answer = {
                "schema": 1,
                "name": asked["name"],
                "version": asked["version"],
                "moves": moves,
                "unchanged": [],
                "cases": 8,
                "objections": (
                    [
                        {
                            "severity": "warning",
                            "rule": "signatures",
                            "code": "2005",
                            "message": "the package is not signed, and is accepted only because "
                            "`signatures` is lenient here",
                            "remedy": "have it signed",
                        }
                    ]
                    if asked["version"] == "0.2.0"
                    else []
                ),
                "warnings": [],
            }
        elif what == "rollback":
            if not mock.previous.get(pid):
                raise Refusal(
                    409, "nothing-before", f"nothing judged {pid} before", "switch to the version that is wanted"
                )
            mock.seats[pid] = mock.previous[pid].pop()
            answer = {
                "schema": 1,
                "releases": [{"name": mock.seats[pid]["name"], "version": mock.seats[pid]["version"], "moves": []}],
                "warnings": [],
            }
        elif what == "deactivate":
            mock.previous.setdefault(pid, []).append(mock.seats.pop(pid))
            answer = {"schema": 1, "releases": [], "warnings": []}
        else:
            raise Refusal(404, "not-found", "there is nothing here")
        mock.emit("store", {"what": what})
        return self.reply(answer)

    def package(self, what, body):
        named = re.search(rb'filename="([a-z0-9_-]+?)-v([0-9.]+)-offline', body)
        if not named:
            raise Refusal(422, "2001", "this is no package archive", "make one with `procvision package`")
        name, version = named[1].decode().replace("-", "_"), named[2].decode()
        time.sleep(2)
        if what == "validate":
            return self.reply(
                {
                    "schema": 1,
                    "status": "warn",
                    "counts": {},
                    "checks": [
                        {"id": "archive", "status": "pass", "detail": "11 entries, 592.27 KiB"},
                        {"id": "imports", "status": "pass", "detail": "10 granted, 8 closed"},
                        {
                            "id": "calls",
                            "status": "warn",
                            "detail": "no reference named `good`",
                            "code": "1002",
                            "remedy": "try it with `procvision run`",
                        },
                        {"id": "policy", "status": "not_run", "detail": "no policy was named"},
                    ],
                }
            )
        if (name, version) in self.mock.algorithms:
            raise Refusal(409, "2005", f"{name} {version} is installed already", "give the package another version")
        self.mock.install(name, version, ["A01", "D01"], "A package from a file")
        self.mock.emit("store", {"what": "install"})
        return self.reply(
            {
                "schema": 1,
                "name": name,
                "version": version,
                "digest": DIGEST,
                "supported_pids": ["A01", "D01"],
                "signature": {"status": "unsigned"},
                "files": 13,
                "bytes": 813264,
                "objections": [],
                "warnings": ["nothing is known about what it is made of"],
            },
            201,
        )

    def audit(self, name, version):
        """The page that --audit names, else a small one of the same kind."""
        made = self.mock.options.audit
        if made:
            return pathlib.Path(made).read_bytes()
        title = re.sub(r"[<>&\"]", "?", f"{name} {version}")
        style = "body { font: 16px sans-serif; } .bar i { display: block; height: 9px; background: #4a78c8; }"
        bar = '<div class="bar"><i style="width: 42.5%"></i></div>'
        head = f'<meta charset="utf-8"><title>{title}</title><style>{style}</style>'
        body = f"<h1>Look at 2 points: {title}</h1>{bar}"
        return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'.encode()

    def stream(self):
        mine = queue.Queue()
        last = self.headers.get("Last-Event-ID")
        with self.mock.lock:
            if last and last.isdigit():
                for event in self.mock.events:
                    if event[0] > int(last):
                        mine.put(event)
            self.mock.listeners.append(mine)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            while True:
                try:
                    number, kind, data = mine.get(timeout=5)
                    text = f"id: {number}\nevent: {kind}\ndata: {data}\n\n"
                except queue.Empty:
                    text = ": still here\n\n"
                self.wfile.write(text.encode())
                self.wfile.flush()
        except OSError:
            pass
        finally:
            self.mock.listeners.remove(mine)

    def static(self, path):
        wanted = "/".join(path) or "index.html"
        if "\0" in wanted or len(wanted) > 200:
            return False
        file = (PAGE / wanted).resolve()
        if not file.is_relative_to(PAGE) or not file.is_file() or file.suffix not in TYPES:
            return False
        self.reply(file.read_bytes(), kind=TYPES[file.suffix] + "; charset=utf-8")
        return True


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8788)
    parser.add_argument("--auth", action="store_true", help="want a token: view, operate or manage")
    parser.add_argument("--role", choices=ROLES, default="manage", help="role of everybody without --auth")
    parser.add_argument("--hostile", action="store_true", help="what packages and algorithms say tries to do harm")
    parser.add_argument("--results", type=int, default=2500, help="results of the last hour")
    parser.add_argument("--pause", type=float, default=0.3, help="seconds between two results of the station")
    parser.add_argument("--trouble", type=float, default=30, help="seconds between troubles of C01; 0: none")
    parser.add_argument("--steps", action="store_true", help="inspections of A01 have two steps")
    parser.add_argument("--audit", help="HTML file that `procvision inspect --report` wrote")
    options = parser.parse_args()
    random.seed(7)
    Handler.mock = mock = Mock(options)
    for pid in mock.seats:
        threading.Thread(target=mock.run_line, args=(pid,), daemon=True).start()
    threading.Thread(target=mock.trouble, daemon=True).start()
    print(f"http://127.0.0.1:{options.port}/", flush=True)
    try:
        Server(("127.0.0.1", options.port), Handler).serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
