//! The conversations in `docs/frame-pool.md` are had with a real broker.

use crate::stage::Stage;
use procvision_tests::binary::project_root;
use procvision_tests::frame_pool::RawPeer;
use serde_json::Value;

/// The names of all keys, those of objects inside included; of lists the first element.
fn keys(value: &Value) -> Vec<String> {
    match value {
        Value::Object(map) => map
            .iter()
            .flat_map(|(key, value)| {
                let inner = keys(value).into_iter().map(move |inner| format!("{key}.{inner}"));
                std::iter::once(key.clone()).chain(inner)
            })
            .collect(),
        Value::Array(list) => list.first().map(keys).unwrap_or_default(),
        _ => Vec::new(),
    }
}

#[test]
fn the_broker_speaks_as_it_is_written() {
    let page = std::fs::read_to_string(project_root().join("docs/frame-pool.md")).unwrap();
    let blocks: Vec<&str> = page
        .split("```json\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert_eq!(blocks.len(), 4);
    let stage = Stage::new();
    // They stay connected, as the page has a consumer beside the observer.
    let mut peers = Vec::new();
    let mut exchanges = 0;
    for block in blocks {
        let lines: Vec<Value> = block.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let peer = RawPeer::connect(&stage.socket);
        for [said, written] in lines.as_chunks::<2>().0 {
            let heard = peer.ask(said);
            let answer = heard.message();
            assert_eq!(answer["type"], written["type"], "{said}");
            assert_eq!(keys(answer), keys(written), "{said}");
            for exact in [
                "code",
                "message",
                "slot",
                "slots",
                "slot_bytes",
                "holder",
                "pools",
                "consumers",
                "published",
            ] {
                assert_eq!(answer.get(exact), written.get(exact), "{said}: {exact}");
            }
            exchanges += 1;
        }
        peers.push(peer);
    }
    assert!(exchanges >= 10);
}
