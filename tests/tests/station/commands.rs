//! Product models that another program judges: what it is given, and what belongs to nobody else.

use crate::lines::{SIDE, producer, publish};
use procvision_host::frame::{Frame, PixelFormat, Rect};
use procvision_tests::packages::probe_parts;
use procvision_tests::station::{Premises, picture};
use serde_json::{Value, json};

/// A program in the manner of the original SDK: it knows files of NumPy's alone, takes what it cannot read for a black
/// picture, and says how large the picture is and what its bytes add up to.
const ORIGINAL: &str = r#"
import json, os, re, struct, sys

def send(message):
    body = json.dumps(message).encode()
    sys.stdout.buffer.write(struct.pack(">I", len(body)) + body)
    sys.stdout.buffer.flush()

def read():
    head = sys.stdin.buffer.read(4)
    if len(head) < 4:
        sys.exit(0)
    return json.loads(sys.stdin.buffer.read(struct.unpack(">I", head)[0]))

def pixels(name):
    name = re.sub(r"[^a-zA-Z0-9._-]", "_", name)
    try:
        file = open(os.path.join(os.environ["PROC_SHM_DIR"], name + ".npy"), "rb").read()
    except OSError:
        return "black"
    length = struct.unpack("<H", file[8:10])[0]
    head = eval(file[10:10 + length])
    bytes = file[10 + length:]
    height, width, channels = head["shape"]
    assert file[:8] == b"\x93NUMPY\x01\x00" and (10 + length) % 64 == 0 and head["descr"] == "|u1"
    assert len(bytes) == height * width * channels
    return f"{width}x{height} {sum(bytes)}"

send({"type": "hello", "sdk_version": "0.0.7", "capabilities": ["ping", "call", "shutdown"]})
while True:
    call = read()
    answer = {"type": "result", "request_id": call.get("request_id"), "status": "OK", "message": "", "data": {}}
    if call["type"] == "ping":
        answer = {"type": "pong", "request_id": call["request_id"], "status": "OK"}
    elif call["type"] == "shutdown":
        send({"type": "shutdown", "status": "OK"})
        sys.exit(0)
    elif call["type"] == "hello":
        continue
    elif call.get("phase") == "info":
        answer["data"] = {"info": {"name": "original", "version": "1.0.0"}}
    elif call.get("phase") == "execute":
        answer["message"] = pixels(call["shared_mem_id"])
        answer["data"] = {"phase": "execute", "result_status": "OK"}
    send(answer)
"#;

/// A bright picture of a camera, in a pool and sent.
#[test]
fn programs_of_the_original_sdk_see_every_picture() {
    let premises = Premises::new();
    std::fs::write(premises.path("original.py"), ORIGINAL).unwrap();
    std::fs::write(premises.path("tray.png"), picture()).unwrap();
    let command = ["python3", premises.path("original.py").to_str().unwrap()].map(str::to_owned);
    let served = premises.serve(&json!({"station": {
        "commands": {"P07": {"command": command}},
        "sources": {"tray": {"file": premises.path("tray.png")}, "camera": {"pool": "cam"}},
    }}));
    let camera = producer(&premises, "cam", 2);
    publish(&camera, 1);
    let inspection = served.inspection("P07");
    let steps = format!("{inspection}/steps");
    let sent = served.post_parts(&steps, &[("request", b"{\"step_index\": 1}"), ("picture", &picture())]);
    let named = |source: &str| served.post(&steps, &json!({"step_index": 1, "picture": {"source": source}}));
    let seen: Vec<Value> = [sent, named("tray"), named("camera")]
        .into_iter()
        .map(|(status, answer)| {
            assert_eq!((status, &answer["verdict"]), (200, &json!("OK")), "{answer}");
            answer["results"][0]["message"].clone()
        })
        .collect();
    let frame = Frame::decode(&picture()).unwrap();
    let whole = Rect {
        x: 0,
        y: 0,
        width: frame.width(),
        height: frame.height(),
    };
    let bytes = frame.read(whole, PixelFormat::RGB8).unwrap();
    let sum: u64 = bytes.iter().map(|byte| u64::from(*byte)).sum();
    let of_the_file = format!("{}x{} {sum}", frame.width(), frame.height());
    let of_the_camera = format!("{SIDE}x{SIDE} {}", SIDE * SIDE * 3 * 7);
    let expected: [Value; 3] = [of_the_file.clone(), of_the_file, of_the_camera].map(Value::from);
    assert_eq!(seen, expected);
}

#[test]
fn what_a_command_judges_is_nobodys_to_change_over_http() {
    let premises = Premises::with(&[probe_parts()], &[]);
    std::fs::write(premises.path("original.py"), ORIGINAL).unwrap();
    let command = ["python3", premises.path("original.py").to_str().unwrap()].map(str::to_owned);
    let served = premises.serve(&json!({"station": {"commands": {"A01": {"command": command}}}}));
    let give = json!({"name": "probe", "version": "0.1.0", "pids": ["A01", "A01"]});
    for (path, body) in [
        ("/algorithms/activate", &give),
        ("/algorithms/switch", &give),
        ("/algorithms/rollback", &json!({"pid": "A01"})),
        ("/algorithms/deactivate", &json!({"pid": "A01"})),
    ] {
        let (status, answer) = served.post(path, body);
        assert_eq!(
            (status, &answer["error"]["code"]),
            (409, &json!("command")),
            "{path}: {answer}"
        );
    }
    assert_eq!(served.step(&served.inspection("A01"), "noop").1["verdict"], "OK");
}
