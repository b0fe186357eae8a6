//! The page without a mouse: the keyboard reaches everything, shows where it is, and comes back to where it was.

use crate::stage::{Packages, Stage};
use procvision_tests::browser::Key;
use procvision_tests::examples::NEXT_VERSION;
use serde_json::{Value, json};

/// More controls than any view has between two that are wanted.
const MOST: usize = 120;

/// What has the focus: its name, and whether one sees that it has it.
fn focus(stage: &mut Stage) -> (String, bool) {
    let found = stage.browser.value(
        "(() => {
           const one = document.activeElement;
           // Between the last control and the first, the focus is on what is around the page.
           if (one === document.body) return ['', true];
           const name = one.getAttribute('aria-label') ?? one.labels?.[0]?.textContent ?? one.textContent;
           const style = getComputedStyle(one);
           const seen = style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) >= 2;
           return [name.trim(), seen];
         })()",
    );
    (found[0].as_str().unwrap().to_owned(), found[1] == true)
}

/// Goes from control to control until the one of this name has the focus.
#[track_caller]
fn tab_to(stage: &mut Stage, name: &str) {
    let mut passed = Vec::new();
    for _ in 0..MOST {
        stage.browser.key(Key::Tab);
        let (here, seen) = focus(stage);
        assert!(seen, "nothing shows that `{here}` has the focus");
        if here == name {
            return;
        }
        passed.push(here);
    }
    panic!("the keyboard does not reach `{name}`, only {passed:#?}");
}

fn is_open(stage: &mut Stage) {
    stage
        .browser
        .until("a window is open", "Boolean(document.querySelector('dialog[open]'))");
}

fn is_closed(stage: &mut Stage) {
    stage
        .browser
        .until("no window is open", "!document.querySelector('dialog')");
}

#[test]
fn a_version_is_activated_and_replaced_with_the_keyboard_alone() {
    let mut stage = Stage::empty();
    for version in ["0.1.0", NEXT_VERSION] {
        let file = Packages::made().file("presence_check", version);
        stage.premises.store(&["install", file.to_str().unwrap()]);
    }
    // The first control leads past everything that is on every view.
    stage.browser.key(Key::Tab);
    assert_eq!(focus(&mut stage).0, "Skip to the content");
    tab_to(&mut stage, "Algorithms");
    stage.browser.key(Key::Enter);
    stage.browser.until_it_says("Installed versions");
    tab_to(&mut stage, "Activate presence_check 0.1.0");
    stage.browser.key(Key::Enter);
    is_open(&mut stage);

    // What was opened can be left, and the focus is where it was.
    stage.browser.key(Key::Escape);
    is_closed(&mut stage);
    assert_eq!(focus(&mut stage).0, "Activate presence_check 0.1.0");
    stage.browser.key(Key::Enter);
    is_open(&mut stage);
    // The focus stays inside.
    let mut inside = true;
    for _ in 0..12 {
        stage.browser.key(Key::Tab);
        inside &= stage.browser.value(
            "[document.body, ...document.querySelectorAll('dialog, dialog *')].includes(document.activeElement)",
        ) == true;
    }
    assert!(inside, "the keyboard leaves a window that is open");
    tab_to(&mut stage, "A02");
    stage.browser.key(Key::Space);
    tab_to(&mut stage, "Activate");
    stage.browser.key(Key::Enter);
    stage.browser.until_it_says("presence_check 0.1.0 judges A01.");
    is_closed(&mut stage);

    tab_to(&mut stage, "Switch …");
    stage.browser.key(Key::Enter);
    is_open(&mut stage);
    tab_to(&mut stage, "Switch");
    stage.browser.key(Key::Enter);
    stage
        .browser
        .until_it_says("A01: from now on judged by presence_check 0.2.0.");
    let (_, active) = stage.served.get("/algorithms/active");
    assert_eq!(active["active"][0]["version"], NEXT_VERSION, "{active}");
    stage.is_content();
}

#[test]
fn single_keys_lead_everywhere_and_do_nothing_while_somebody_writes() {
    let mut stage = Stage::busy();
    for (key, title) in [
        ('2', "Algorithms"),
        ('3', "Results"),
        ('4', "Charts"),
        ('5', "Log"),
        ('6', "Frames"),
        ('1', "Line"),
    ] {
        stage.browser.key(Key::Letter(key));
        stage
            .browser
            .until(title, &format!("document.title.startsWith({})", json!(title)));
    }
    stage.browser.key(Key::Letter('?'));
    is_open(&mut stage);
    stage.browser.key(Key::Escape);
    is_closed(&mut stage);
    // The seats one by one, and all of them again.
    for pid in ["A01", "B01", "C01", "A01"] {
        stage.browser.key(Key::Letter(']'));
        stage.browser.until(
            pid,
            &format!(
                "[...document.querySelectorAll('article.seat h2')].map((one) => one.textContent).join() === '{pid}'"
            ),
        );
    }
    stage.browser.key(Key::Escape);
    stage
        .browser
        .until("all seats", "document.querySelectorAll('article.seat').length === 3");
    // Whoever writes a 3 wants a 3.
    stage.browser.key(Key::Letter('2'));
    stage.browser.until_it_says("Installed versions");
    stage.browser.key(Key::Letter('/'));
    stage.browser.key(Key::Letter('3'));
    assert_eq!(stage.browser.value("document.activeElement.value"), "3");
    stage.browser.until_it_says("No name contains that.");
    let theme =
        |stage: &mut Stage| -> Value { stage.browser.value("document.documentElement.dataset.theme ?? 'auto'") };
    stage.go("Line");
    let mut themes = vec![theme(&mut stage)];
    for _ in 0..3 {
        stage.browser.key(Key::Letter('t'));
        themes.push(theme(&mut stage));
    }
    assert_eq!(themes, ["auto", "light", "dark", "auto"]);
    stage.is_content();
}
