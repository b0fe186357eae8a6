//! The pictures of the page in the README. `UPDATE_PICTURES=1` writes them anew; look at them before they are
//! committed.

use crate::stage::Stage;
use procvision_tests::binary::project_root;
use procvision_tests::examples::NEXT_VERSION;
use serde_json::json;

/// Pixels of the picture of the line, as on a screen at the line, and of that of the algorithms, which scrolls on a
/// small one.
const LINE: (u32, u32) = (1024, 680);
const ALGORITHMS: (u32, u32) = (1024, 930);
/// People wait for a README.
const MOST_BYTES: usize = 300_000;

/// Writes a picture if that is wanted, and looks whether the one that is there is what it should be.
#[track_caller]
fn keep(stage: &mut Stage, name: &str, pixels: (u32, u32), page: &str) {
    let picture = stage.browser.picture();
    let path = project_root().join("docs").join(name);
    if std::env::var_os("UPDATE_PICTURES").is_some_and(|value| value == "1") {
        std::fs::write(&path, &picture).unwrap();
    }
    let there = std::fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; UPDATE_PICTURES=1 cargo test --release --workspace --test station_page",
            path.display()
        )
    });
    assert_eq!((size(&picture), size(&there)), (pixels, pixels), "{name}");
    assert!(there.len() < MOST_BYTES, "{name} has {} bytes", there.len());
    assert!(page.contains(&format!("docs/{name}")), "{name} is in the README");
}

/// The size that a PNG file says.
fn size(png: &[u8]) -> (u32, u32) {
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[test]
fn pictures_for_the_readme() {
    let page = std::fs::read_to_string(project_root().join("README.md")).unwrap();
    let mut stage = Stage::busy();
    let next = json!({"name": "presence_check", "version": NEXT_VERSION, "pids": ["A01"]});
    let (status, answer) = stage.served.post("/algorithms/switch", &next);
    assert_eq!(status, 200, "{answer}");
    stage.browser.size(LINE.0, LINE.1);
    // What came before, for the strips below the pictures.
    for (pool, example, picture, outcome) in [
        ("tray-camera", "presence-check", "coins.png", "OK"),
        ("tray-camera", "presence-check", "coins-dim.png", "OK"),
        ("tray-camera", "presence-check", "coins-one-surplus.png", "NG"),
        ("tray-camera", "presence-check", "coins.png", "OK"),
        ("tray-camera", "presence-check", "coins-dim.png", "OK"),
        ("desk-camera", "capture-quality", "workpiece-good.png", "OK"),
        ("desk-camera", "capture-quality", "workpiece-bright.png", "FAILED"),
        ("desk-camera", "capture-quality", "workpiece-good.png", "OK"),
        ("wall-camera", "surface-defect", "brick-moved.png", "OK"),
        ("wall-camera", "surface-defect", "brick-marred.png", "NG"),
        ("wall-camera", "surface-defect", "brick.png", "OK"),
    ] {
        stage.show(pool, example, picture, outcome);
    }
    let kinds = "[...document.querySelectorAll('article.seat')].map((one) => one.dataset.kind)";
    for (dark, line, algorithms) in [
        (false, "station.png", "station-algorithms.png"),
        (true, "station-dark.png", "station-algorithms-dark.png"),
    ] {
        stage.browser.dark(dark);
        stage.browser.size(LINE.0, LINE.1);
        stage.go("Line");
        // Pictures are not forever current, and a busy machine takes its time.
        for (pool, example, picture, outcome) in [
            ("desk-camera", "capture-quality", "workpiece-good.png", "OK"),
            ("wall-camera", "surface-defect", "brick-moved.png", "OK"),
            ("tray-camera", "presence-check", "coins-one-missing.png", "NG"),
        ] {
            stage.show(pool, example, picture, outcome);
        }
        stage.browser.until(
            "one is NG, two are OK",
            &format!("{kinds}.join() === 'NG,OK,OK' && document.querySelectorAll('.mark').length === 1"),
        );
        keep(&mut stage, line, LINE, &page);
        stage.browser.size(ALGORITHMS.0, ALGORITHMS.1);
        stage.go("Algorithms");
        stage.browser.until(
            "it is there",
            "document.querySelectorAll('table.versions tbody tr').length === 4",
        );
        keep(&mut stage, algorithms, ALGORITHMS, &page);
    }
}
