//! What happens at a line in the course of a day, seen on the page: a package comes, judges, is replaced and comes
//! back, and its process dies.

use crate::stage::{Packages, Stage};
use procvision_tests::examples::{self, NEXT_VERSION};
use procvision_tests::frame_pool::eventually;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// The one seat of the line, and a part of it.
fn seat(part: &str) -> String {
    format!("document.querySelector('article.seat {part}')")
}

/// Waits until the seat shows this kind of verdict.
#[track_caller]
fn shows(stage: &mut Stage, kind: &str) {
    stage.browser.until(
        &format!("the seat shows {kind}"),
        &format!("document.querySelector('article.seat')?.dataset.kind === '{kind}'"),
    );
}

/// Waits until the seat names this release.
#[track_caller]
fn is_judged_by(stage: &mut Stage, release: &str) {
    stage.browser.until(
        &format!("the page names {release}"),
        &format!("{}?.textContent === '{release}'", seat(".release")),
    );
}

/// SIGKILL for the process that judges A01.
fn kill(stage: &Stage) -> Value {
    let worker = stage.served.workers("A01").remove(0);
    let process = worker["process"]
        .as_i64()
        .and_then(|process| i32::try_from(process).ok());
    let process = process.and_then(Pid::from_raw).expect("it has a process");
    kill_process(process, Signal::KILL).expect("it is there");
    worker["process"].clone()
}

#[test]
fn a_package_comes_judges_is_replaced_and_comes_back() {
    let mut stage = Stage::empty();
    stage.browser.until_it_says("No product model has an algorithm yet.");

    // It is looked at, installed, and given a product model.
    stage.go("Algorithms");
    let package = Packages::made().file("presence_check", "0.1.0");
    stage.browser.choose_file("form.install input[accept*=zip]", &package);
    stage.browser.click("form.install button", "Check only");
    stage.browser.until_it_says("A station would accept it");
    stage.install(&package);
    stage.browser.until_it_says("presence_check 0.1.0 is installed.");
    stage.browser.click("button", "Activate presence_check 0.1.0");
    // A02 is left out.
    stage.browser.click("dialog label.check", "A02");
    stage.browser.click("dialog button", "Activate");
    stage.browser.until_it_says("presence_check 0.1.0 judges A01.");
    assert_eq!(stage.served.get("/readyz").0, 200);
    let (_, active) = stage.served.get("/algorithms/active");
    let pids: Vec<_> = active["active"]
        .as_array()
        .unwrap()
        .iter()
        .map(|seat| &seat["pid"])
        .collect();
    assert_eq!(pids, ["A01"], "{active}");

    // A camera shows a tray from which a coin is missing.
    stage.go("Line");
    shows(&mut stage, "WAITING");
    let result = stage.show("tray-camera", "presence-check", "coins-one-missing.png", "NG");
    shows(&mut stage, "NG");
    the_verdict_is_there(&mut stage, &result);
    the_rects_lie_over_the_picture(&mut stage, &result);
    let result = stage.show("tray-camera", "presence-check", "coins.png", "OK");
    assert_eq!(result["outcome"], "OK", "{result}");
    shows(&mut stage, "OK");
    assert_eq!(stage.browser.value("document.querySelectorAll('.mark').length"), 0);

    // The next version, while the camera goes on.
    stage.go("Algorithms");
    stage.install(&Packages::made().file("presence_check", NEXT_VERSION));
    stage.browser.until_it_says("presence_check 0.2.0 is installed.");
    let pictures = ["coins.png", "coins-dim.png"].map(|name| examples::picture("presence-check", name));
    let camera = stage.premises.camera("tray-camera", &pictures);
    press_while_it_judges(&mut stage, "Switch …");
    stage.browser.until_it_says("Product models that move");
    stage.browser.click("dialog button", "Switch");
    stage
        .browser
        .until_it_says("A01: from now on judged by presence_check 0.2.0.");
    stage.go("Line");
    is_judged_by(&mut stage, "presence_check 0.2.0");
    judges_with(&stage, "0.2.0");

    // And back.
    stage.go("Algorithms");
    press_while_it_judges(&mut stage, "Roll back");
    stage.browser.click("dialog button", "Roll back");
    stage
        .browser
        .until_it_says("A01 is judged by presence_check 0.1.0 again.");
    stage.go("Line");
    is_judged_by(&mut stage, "presence_check 0.1.0");
    judges_with(&stage, "0.1.0");
    drop(camera);
    // Nothing was left unjudged on the way.
    let (_, failed) = stage.served.get("/results?outcome=FAILED");
    assert_eq!(failed["results"], json!([]));
    let result = stage.show("tray-camera", "presence-check", "coins-one-missing.png", "NG");
    assert_eq!(
        (&result["outcome"], &result["version"]),
        (&json!("NG"), &json!("0.1.0")),
        "{result}"
    );
    shows(&mut stage, "NG");
    stage.is_content();
}

/// Presses a button, waits until more was judged and shown, and only then lets go: what the page draws meanwhile must
/// not take the button away from under the mouse.
#[track_caller]
fn press_while_it_judges(stage: &mut Stage, button: &str) {
    let place = stage.browser.press("article.box button", button);
    let before = stage.newest();
    eventually("more is judged", || stage.newest() >= before + 3);
    stage.browser.release(place);
    stage
        .browser
        .until("a window asks", "Boolean(document.querySelector('dialog[open]'))");
}

/// Waits until the newest result is of this version.
fn judges_with(stage: &Stage, version: &str) {
    eventually("it judges", || {
        let (_, answer) = stage.served.get("/results?limit=1&phase=execute");
        answer["results"][0]["version"] == version
    });
}

/// The verdict is the largest thing on the page, in letters that can be read from three metres: on an ordinary screen
/// of 24 inches 1440 pixels are 53 cm, and 15 mm are 40 of them.
fn the_verdict_is_there(stage: &mut Stage, result: &Value) {
    let word = stage.browser.text(&format!("{}.innerText.trim()", seat(".word")));
    assert_eq!(word, "NG");
    let why = stage.browser.text(&format!("{}.textContent", seat(".why")));
    assert_eq!(why, result["ng_reason"]);
    let sizes = "[...document.querySelectorAll('body *')].filter((one) => one.getClientRects().length > 0)
        .map((one) => Number.parseFloat(getComputedStyle(one).fontSize))";
    let largest = stage.browser.value(&format!("Math.max(...{sizes})"));
    let word = stage.browser.value(&format!(
        "Number.parseFloat(getComputedStyle({}).fontSize)",
        seat(".word span")
    ));
    assert_eq!(word, largest);
    assert!(word.as_f64().unwrap() >= 120.0, "{word}");
    let why = format!("Number.parseFloat(getComputedStyle({}).fontSize)", seat(".why"));
    assert!(stage.browser.value(&why).as_f64().unwrap() >= 24.0);
}

/// What was found is drawn where it was found, over the picture in which it was found.
fn the_rects_lie_over_the_picture(stage: &mut Stage, result: &Value) {
    let drawn = stage.browser.value(
        "(async () => {
           const image = document.querySelector('.overlay image');
           const of = (one) => {
             const { x, y, width, height } = one.getBoundingClientRect();
             return { x, y, width, height };
           };
           const picture = new Image();
           picture.src = image.href.baseVal;
           await picture.decode();
           return {
             image: of(image),
             size: [picture.naturalWidth, picture.naturalHeight],
             rects: [...document.querySelectorAll('.mark .frame')].map((frame) => of(frame)),
             labels: [...document.querySelectorAll('.mark text')].map((text) => text.textContent),
           };
         })()",
    );
    assert_eq!(drawn["size"], json!([384, 303]), "{drawn}");
    let defects = result["defects"].as_array().unwrap();
    assert_eq!(defects.len(), 1, "{result}");
    assert_eq!(drawn["labels"], json!(["1 missing: coin 7 · 1.00"]), "{drawn}");
    let number = |value: &Value| value.as_f64().unwrap();
    let scale = number(&drawn["image"]["width"]) / 384.0;
    for (defect, rect) in defects.iter().zip(drawn["rects"].as_array().unwrap()) {
        for (side, from) in [
            ("x", number(&drawn["image"]["x"])),
            ("y", number(&drawn["image"]["y"])),
            ("width", 0.0),
            ("height", 0.0),
        ] {
            let (is, should) = (number(&rect[side]), from + number(&defect[side]) * scale);
            assert!((is - should).abs() < 4.0, "{side} is {is}, not {should}: {drawn}");
        }
    }
    // The truth, from the example's cases.
    assert!((number(&defects[0]["x"]) - 25.0).abs() <= 8.0, "{result}");
    assert!((number(&defects[0]["y"]) - 104.0).abs() <= 8.0, "{result}");
}

#[test]
fn a_process_that_dies_is_seen_to_come_back_and_one_that_dies_again_and_again_raises_an_alarm() {
    let mut stage = Stage::busy();
    stage.browser.click("article.seat h2 a", "A01");
    stage.browser.until(
        "one seat alone",
        "document.querySelectorAll('article.seat').length === 1",
    );
    stage.show("tray-camera", "presence-check", "coins.png", "OK");
    shows(&mut stage, "OK");
    let process = kill(&stage);
    stage.browser.until(
        "the page says that it was started anew",
        &format!("{}.textContent === 'ready · 1 restart'", seat(".state")),
    );
    assert_ne!(stage.served.workers("A01")[0]["process"], process);
    stage.go("Algorithms");
    let row = "document.querySelector('article.box[aria-label=\"Seat A01\"] table.workers tbody tr')";
    let killed = stage.browser.text(&format!("{row}.querySelector('.long').textContent"));
    assert!(killed.contains("SIGKILL") || killed.contains("signal 9"), "{killed}");
    stage.go("Line");
    stage.browser.click("article.seat h2 a", "A01");
    let result = stage.show("tray-camera", "presence-check", "coins-one-missing.png", "NG");
    assert_eq!(result["outcome"], "NG");
    shows(&mut stage, "NG");

    // Three restarts in a row, and the fourth failure is an alarm.
    for _ in 0..4 {
        let before = kill(&stage);
        eventually("another one is asked to take its place, or nobody", || {
            let worker = &stage.served.workers("A01")[0];
            worker["state"] == "alarmed" || (worker["process"].is_u64() && worker["process"] != before)
        });
    }
    shows(&mut stage, "ALARM");
    stage.browser.until(
        "the alarm stands above everything",
        "document.querySelectorAll('#alarms .alarm').length === 1",
    );
    stage.browser.until(
        "it is spoken of",
        "document.getElementById('alert').textContent.startsWith('Alarm, A01')",
    );
    assert_eq!(stage.served.get("/readyz").0, 503);
    stage.browser.click("article.seat button", "Start it");
    stage.browser.click("dialog button", "Start");
    stage.browser.until(
        "the alarm is over",
        "document.querySelectorAll('#alarms .alarm').length === 0",
    );
    let result = stage.show("tray-camera", "presence-check", "coins.png", "OK");
    assert_eq!(result["outcome"], "OK", "{result}");
    shows(&mut stage, "OK");
    stage.is_content();
}
