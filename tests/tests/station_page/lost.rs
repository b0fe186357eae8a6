//! A station that is gone: the page says so instead of showing what was, and comes back with it.

use crate::stage::Stage;

#[test]
fn without_a_station_no_verdict_stands_and_with_it_the_page_is_back() {
    let mut stage = Stage::busy();
    stage.show("tray-camera", "presence-check", "coins.png", "OK");
    let kinds = "[...document.querySelectorAll('article.seat')].map((one) => one.dataset.kind).join()";
    stage.browser.until(
        "A01 is OK, the others wait",
        &format!("{kinds} === 'OK,WAITING,WAITING'"),
    );
    let address = stage.served.page.trim_start_matches("http://").to_owned();
    stage.served.process.die();
    stage
        .browser
        .until("no verdict stands", &format!("{kinds} === 'OFFLINE,OFFLINE,OFFLINE'"));
    stage.go("Results");
    stage.browser.until_it_says("Not current: there has been no connection");
    stage.go("Line");

    stage.served = stage.premises.serve_at(&address, &crate::stage::config());
    stage.browser.until(
        "the page is back by itself",
        "document.getElementById('connection').textContent === 'Live'",
    );
    // What was judged before is still there: it was on disk.
    stage.browser.until(
        "the last verdict is known",
        "document.querySelector('.strip i')?.dataset.kind === 'OK'",
    );
    stage.show("tray-camera", "presence-check", "coins-one-missing.png", "NG");
    stage
        .browser
        .until("A01 is NG", &format!("{kinds} === 'NG,WAITING,WAITING'"));
}
