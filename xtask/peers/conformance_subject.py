"""The algorithm that the conformance suite has the original SDK's adapters call: it does what it is told.

The same as `conformance/subject`, as far as Python and the SDK's version allow; `docs/protocol.md` lists the tasks. It
does what the SDK's own examples do, no less: it looks whether it can judge the product model and whether there is a
picture.
"""

import inspect
import json
import os
import sys
import time

from procvision_algorithm_sdk import BaseAlgorithm, read_image_from_shared_memory

PIDS = ["A01", "A02"]
SAID = "the algorithm says something"
STEPS = [
    {
        "index": index,
        "name": name,
        "params": [
            {"key": "task", "type": "string", "min_length": 1, "max_length": 40, "default": "ok"},
            {"key": "value", "type": "string", "max_length": 1000, "default": ""},
            {"key": "count", "type": "int", "min": 0, "max": 10, "default": 3},
            {"key": "colour", "type": "enum", "choices": ["red", "green"], "default": "red"},
            {"key": "area", "type": "rect"},
        ],
    }
    for index, name in [(1, "do"), (2, "do with a serial number"), (3, "do again")]
]
STEPS[1]["params"].append(
    {"key": "serial", "type": "string", "min_length": 1, "max_length": 10, "pattern": "[A-Z]{2}[0-9]+", "required": True}
)

time.sleep(int(os.environ.get("CONFORMANCE_LOAD_MS", "0")) / 1000)


def rect(x, y, width, height, label, score=1.0):
    return {"x": x, "y": y, "width": width, "height": height, "label": label, "score": score}


def good(message=None, **more):
    answer = {"status": "OK", "data": {"result_status": "OK", "defect_rects": [], **more}}
    if message is not None:
        answer["message"] = message
    return answer


def bad(reason, defects):
    return {"status": "OK", "data": {"result_status": "NG", "ng_reason": reason, "defect_rects": defects}}


def failed(message, code):
    return {"status": "ERROR", "message": message, "error_code": code}


def recurse(depth):
    return recurse(depth + 1) + depth


def spin(seconds):
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        sum(range(10000))


def number(value):
    return int(value or 0)


class Tasks:
    """What both questions and both versions have in common."""

    def common(self, task, value):
        """None, or an answer that is a failure."""
        if task == "fail":
            return failed("the template is missing", "1003")
        if task == "fatal":
            return failed("the model is damaged", "9999")
        if task == "fail-silently":
            return {"status": "ERROR"}
        if task == "trap":
            raise RuntimeError("the algorithm was told to raise")
        if task == "exit":
            sys.exit(7)
        if task == "recurse":
            recurse(1)
        elif task == "hog":
            bytearray(1 << 60)
        elif task == "loop":
            while True:
                pass
        elif task == "sleep":
            time.sleep(number(value) / 1000)
        elif task == "spin":
            spin(number(value) / 1000)
        elif task == "print":
            print(SAID, flush=True)
        elif task == "print-frame":
            print("\0\0\0\x02{}", end="", flush=True)
        elif task == "log":
            self.logger.info(SAID, task=task)
        elif task == "log-much":
            for _ in range(500):
                self.logger.info("much " * 40)
        elif task != "ok":
            return failed(f"there is no task {task}", "1006")
        return None

    def judge(self, task, value, picture):
        """The answer of `execute`, but for what a version has of its own."""
        if task == "say":
            return good(value)
        if task == "ng":
            return bad("two screws are missing", [rect(1, 2, 3, 4, "screw", 0.5), rect(10, 20, 5, 6, "screw")])
        if task == "positions":
            return good(position_rects=[rect(0, 0, 2, 2, "cap", 0.25)])
        if task == "defects":
            return bad("many spots", [rect(0, 0, 1, 1, "spot")] * number(value))
        if task == "outside":
            return bad("a spot", [rect(picture.shape[1] - 1, 0, 2, 1, "spot")])
        if task == "no-reason":
            return {"status": "OK", "data": {"result_status": "NG", "defect_rects": [rect(0, 0, 1, 1, "spot")]}}
        if task == "bad-score":
            return bad("a spot", [rect(0, 0, 1, 1, "spot", 7.0)])
        if task == "bad-return":
            return ["OK"]
        if task == "sum":
            return good(f"{value} {added(picture)}")
        if task == "odd":
            said = f"{value} {added(picture)}"
            return bad(said, [rect(0, 0, 1, 1, "odd")]) if added(picture) % 2 else good(said)
        if task == "debug":
            return good(debug={"answer": 42})
        return self.common(task, value) or good()


def added(picture):
    return int(picture.reshape(-1)[::997].sum(dtype="uint64"))


def seen(name, picture):
    return [name, picture.shape[1], picture.shape[0], [int(channel) for channel in picture[0, 0]]]


class Phases(Tasks, BaseAlgorithm):
    """For version 0.2: phases, sessions, one picture."""

    def __init__(self):
        super().__init__()
        self.counts = {"setup": 0, "on_step_start": 0, "on_step_finish": 0, "reset": 0}

    def get_info(self):
        return {"name": "conformance_subject", "version": "1.0.0", "supported_pids": PIDS, "steps": STEPS}

    def setup(self):
        # An instance that is set up is fresh.
        self.counts = dict.fromkeys(self.counts, 0)
        self.counts["setup"] += 1

    def teardown(self):
        self.logger.info("the algorithm is torn down")

    def on_step_start(self, step_index, session, context):
        self.counts["on_step_start"] += 1

    def on_step_finish(self, step_index, session, result):
        self.counts["on_step_finish"] += 1

    def reset(self, session):
        self.counts["reset"] += 1

    def echo(self, phase, step_index, pid, session, params, picture):
        return json.dumps(
            {
                "phase": phase,
                "step": step_index,
                "pid": pid,
                "session": session.id,
                "operator": session.context.get("operator"),
                "value": params.get("value", ""),
                "count": params.get("count"),
                "guides": [],
                "pictures": [seen("", picture)],
            }
        )

    def remember(self, session):
        count = session.get("count", 0) + 1
        session.set("count", count)
        return str(count)

    def picture(self, pid, shared_mem_id, image_meta):
        """The picture, or the answer that says why nothing can be asked."""
        if pid not in PIDS:
            return None, failed(f"the product model {pid} is not supported", "1001")
        picture = read_image_from_shared_memory(shared_mem_id, image_meta)
        return picture, failed("there is no picture", "1002") if picture is None else None

    def pre_execute(self, step_index, pid, session, user_params, shared_mem_id, image_meta):
        picture, refusal = self.picture(pid, shared_mem_id, image_meta)
        if refusal:
            return refusal
        task, value = user_params.get("task", "ok"), user_params.get("value", "")
        if task == "not-ready":
            return {"status": "ERROR", "message": "it is too dark"}
        if task == "calibrate":
            return {"status": "OK", "data": {"calibration_rects": [rect(4, 3, 2, 1, "mark")]}}
        if task == "echo":
            return {"status": "OK", "message": self.echo("pre", step_index, pid, session, user_params, picture)}
        if task == "odd":
            return {"status": "OK", "message": f"{value} {added(picture)}"}
        if task == "remember":
            return {"status": "OK", "message": self.remember(session)}
        return self.common(task, value) or {"status": "OK"}

    def execute(self, step_index, pid, session, user_params, shared_mem_id, image_meta):
        picture, refusal = self.picture(pid, shared_mem_id, image_meta)
        if refusal:
            return refusal
        task, value = user_params.get("task", "ok"), user_params.get("value", "")
        if task == "echo":
            return good(self.echo("execute", step_index, pid, session, user_params, picture))
        if task == "remember":
            return good(self.remember(session))
        if task == "remember-much":
            session.set("much", "x" * 80000)
            return good()
        if task == "hooks":
            return good(json.dumps(self.counts))
        return self.judge(task, value, picture)


class Pictures(Tasks, BaseAlgorithm):
    """For version 0.3: `execute` only, a current and a guide picture."""

    def execute(self, step_index, step_desc, cur_image, guide_image, guide_info):
        if cur_image is None or guide_image is None:
            return failed("there is no picture", "1002")
        task, _, value = step_desc.partition(" ")
        if task == "echo":
            places = [
                [guide["label"], [[at["x"], at["y"], at["width"], at["height"]] for at in guide["posList"]]]
                for guide in guide_info
            ]
            echo = {
                "phase": "execute",
                "step": step_index,
                "value": value,
                "guides": places,
                "pictures": [seen("", cur_image), seen("guide", guide_image)],
            }
            return good(json.dumps(echo))
        return self.judge(task or "ok", value, cur_image)


Subject = Pictures if "step_desc" in inspect.signature(BaseAlgorithm.execute).parameters else Phases
