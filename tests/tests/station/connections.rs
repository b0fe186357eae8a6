//! Connections that are used again.

use procvision_tests::packages::probe_parts;
use procvision_tests::station::Premises;
use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// Reads an answer to its end; its first line, which is empty if the connection was closed.
fn answer(stream: &mut BufReader<TcpStream>) -> String {
    let mut first = String::new();
    stream.read_line(&mut first).unwrap();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).unwrap() == 0 || line == "\r\n" {
            break;
        }
        if let Some(bytes) = line.strip_prefix("content-length: ") {
            length = bytes.trim().parse().unwrap();
        }
    }
    stream.read_exact(&mut vec![0; length]).unwrap();
    first
}

#[test]
fn a_body_that_nobody_wants_does_not_close_the_connection() {
    let served = Premises::with(&[probe_parts()], &["A01"]).serve(&json!({}));
    let host = served.page.trim_start_matches("http://");
    let stream = TcpStream::connect(host).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    for number in 0..20 {
        let inspection = served.inspection("A01");
        for (what, status) in [("reset", "200 OK"), ("end", "200 OK")] {
            let head = format!("POST {inspection}/{what} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 2\r\n\r\n");
            // The body comes in a packet of its own, as it does from most clients.
            writer.write_all(head.as_bytes()).unwrap();
            writer.write_all(b"{}").unwrap();
            let said = answer(&mut reader);
            assert!(said.contains(status), "{what}, round {number}: {said:?}");
        }
    }
}
