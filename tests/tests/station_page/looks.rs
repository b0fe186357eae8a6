//! How the page looks and sounds: everything has a name, everything can be read, in dark and in light, on a wall and on
//! a telephone.

use crate::stage::Stage;
use serde_json::{Value, json};

/// Views, and something that is there when a view shows what it has.
const VIEWS: [(&str, &str); 7] = [
    ("#/line", "article.seat"),
    ("#/algorithms", "table.versions tbody tr"),
    ("#/results", "table tbody tr"),
    ("#/results/1", "table tbody tr"),
    ("#/charts", "svg.chart title"),
    ("#/log", "main"),
    ("#/frames", "article, table"),
];

/// What somebody does something with; without a name a screen reader says no more than "button".
const CONTROLS: [&str; 14] = [
    "button",
    "link",
    "textbox",
    "searchbox",
    "combobox",
    "checkbox",
    "radio",
    "listbox",
    "option",
    "image",
    "img",
    "table",
    "dialog",
    "heading",
];

/// Texts that are too pale: less than 4.5 to 1 from what is behind them, or 3 to 1 if they are large. What is behind is
/// laid together from all grounds that are not wholly transparent.
const PALE: &str = r#"(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const colour = (text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = (top, below) => [0, 1, 2].map((index) => top[index] * top[3] + below[index] * (1 - top[3]));
  const light = (rgb) => {
    const [red, green, blue] = rgb.map((value) => {
      const share = value / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (one) => {
    const layers = [];
    for (let at = one; at; at = at.parentElement) {
      layers.push(colour(getComputedStyle(at).backgroundColor));
      if (layers.at(-1)[3] === 1) break;
    }
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    return layers.reduceRight((below, top) => over(top, below), dark ? [18, 18, 18] : [255, 255, 255]);
  };
  const pale = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const one = text.parentElement;
    const box = one.getBoundingClientRect();
    const shown = box.width >= 2 && box.height >= 2 && one.checkVisibility({ visibilityProperty: true });
    if (!text.data.trim() || !shown) continue;
    // What has a picture behind it has a plate of its own colour; what is switched off may be pale.
    if (one.closest("svg, .unseen, :disabled, noscript, .watchdog, .skip")) continue;
    const style = getComputedStyle(one);
    const behind = ground(one);
    let opacity = 1;
    for (let at = one; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
    const letters = colour(style.color);
    letters[3] *= opacity;
    const [first, second] = [light(over(letters, behind)), light(behind)].sort((left, right) => right - left);
    const ratio = (first + 0.05) / (second + 0.05);
    const size = Number.parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const what = `${text.data.trim().slice(0, 60)} (${one.className})`;
    if (ratio < (large ? 3 : 4.5)) pale.push(`${ratio.toFixed(2)}: ${what}`);
  }
  return pale;
})()"#;

/// How far the page is wider than the window, and what sticks out.
const WIDE: &str = r#"(() => {
  const root = document.scrollingElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const isOut = (one) => one.getBoundingClientRect().right > root.clientWidth + 1;
  const out = [...document.querySelectorAll("body *")].filter(isOut).slice(0, 5);
  return [`${root.scrollWidth} of ${root.clientWidth}`, ...out.map((one) => `${one.tagName}.${one.className}`)];
})()"#;

/// Opens a view and waits until it is there.
fn open(stage: &mut Stage, (hash, part): (&str, &str)) {
    stage.browser.value(&format!("location.hash = {}", json!(hash)));
    stage
        .browser
        .until(hash, &format!("Boolean(document.querySelector({}))", json!(part)));
}

/// What has no name; and the view has one heading of the first rank, one place for its content, and a language.
#[track_caller]
fn everything_has_a_name(stage: &mut Stage, place: &str) {
    let spoken = stage.browser.spoken();
    let controls = spoken.iter().filter(|one| CONTROLS.contains(&one.role.as_str()));
    let (named, nameless): (Vec<_>, Vec<_>) = controls.partition(|one| !one.name.trim().is_empty());
    assert!(nameless.is_empty(), "{place}: {nameless:#?}");
    // A window leaves only itself to be heard.
    assert!(named.len() >= 3, "{place}: {named:#?}");
    let structure = stage.browser.value(
        "(() => {
           const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
           const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
           const count = (selector) => document.querySelectorAll(selector).length;
           return [count('h1'), count('main'), document.documentElement.lang, twice];
         })()",
    );
    assert_eq!(structure, json!([1, 1, "en", []]), "{place}");
}

#[track_caller]
fn is_empty(found: &Value, what: &str) {
    assert_eq!(found, &json!([]), "{what}");
}

#[test]
fn everything_has_a_name_and_can_be_read_in_dark_and_in_light() {
    let mut stage = Stage::busy();
    stage.show("tray-camera", "presence-check", "coins-one-missing.png", "NG");
    stage.show("wall-camera", "surface-defect", "brick-moved.png", "OK");
    stage.show("desk-camera", "capture-quality", "coffee-dark.png", "FAILED");
    for dark in [false, true] {
        stage.browser.dark(dark);
        let scheme = if dark { "dark" } else { "light" };
        for view in VIEWS {
            open(&mut stage, view);
            let place = format!("{} in {scheme}", view.0);
            everything_has_a_name(&mut stage, &place);
            is_empty(&stage.browser.value(PALE), &place);
        }
        let ground = "getComputedStyle(document.body).backgroundColor";
        let ground = stage.browser.text(ground);
        let first: u32 = ground
            .split(['(', ',', ' '])
            .find_map(|part| part.parse().ok())
            .unwrap();
        assert_eq!(first < 80, dark, "{ground}");
    }
    // Windows that ask.
    for button in ["Switch …", "Deactivate", "Stop"] {
        open(&mut stage, VIEWS[1]);
        stage.browser.click("article.box button", button);
        stage
            .browser
            .until(button, "Boolean(document.querySelector('dialog[open]'))");
        everything_has_a_name(&mut stage, button);
        is_empty(&stage.browser.value(PALE), button);
        stage.browser.click("dialog button", "Close");
        stage.browser.until("it is closed", "!document.querySelector('dialog')");
    }
    stage.is_content();
}

#[test]
fn it_fits_a_wall_a_desk_and_a_telephone() {
    let mut stage = Stage::busy();
    stage.show("tray-camera", "presence-check", "coins-one-missing.png", "NG");
    for (width, height) in [(3840, 2160), (1920, 1080), (1280, 720), (1024, 768), (390, 844)] {
        stage.browser.size(width, height);
        for view in VIEWS {
            open(&mut stage, view);
            is_empty(&stage.browser.value(WIDE), &format!("{} at {width} x {height}", view.0));
        }
        // All verdicts are to be seen at once where there is a screen for them, and none is cut.
        open(&mut stage, VIEWS[0]);
        let verdicts = "[...document.querySelectorAll('.verdict')].map((one) => {
            const box = one.getBoundingClientRect();
            return one.scrollWidth <= one.clientWidth + 1 && (innerWidth < 1000 || box.bottom <= innerHeight);
        })";
        assert_eq!(
            stage.browser.value(verdicts),
            json!([true, true, true]),
            "{width} x {height}"
        );
    }
    stage.is_content();
}
