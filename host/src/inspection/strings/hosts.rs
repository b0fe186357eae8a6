//! Text that names other machines or people.

use super::{FindingKind, Run};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

/// Most bytes of one URL that are looked at.
const URL_BYTES: usize = 300;
/// Most bytes of the two sides of an e-mail address.
const LOCAL_BYTES: usize = 64;
const DOMAIN_BYTES: usize = 255;

/// Schemes that are told from letters before them, since strings of programs stand side by side.
const SCHEMES: &[&str] = &[
    "https", "http", "wss", "ws", "ftps", "sftp", "ftp", "file", "ssh", "git", "tcp", "udp", "tls", "mqtts", "mqtt",
    "amqps", "amqp", "ldaps", "ldap", "smb", "nfs", "redis", "s3", "gs", "jdbc", "mysql", "postgres", "mongodb",
    "magnet", "telnet", "rtsp", "data", "nats",
];

/// Ends of host names; those that files use as well (`rs`, `py`, `so`, `sh`, `md`) are left out.
const TOP_LEVELS: &[&str] = &[
    "com", "net", "org", "edu", "gov", "mil", "int", "io", "dev", "app", "info", "biz", "cloud", "online", "site",
    "xyz", "top", "shop", "tech", "ai", "co", "me", "tv", "us", "uk", "de", "fr", "nl", "eu", "ch", "at", "it", "es",
    "ru", "ua", "cn", "hk", "tw", "jp", "kr", "in", "br", "au", "ca", "onion", "local", "internal", "lan", "example",
    "test",
];

type Found = Vec<(FindingKind, Range<usize>)>;

/// `scheme://…`
pub(super) fn urls(run: &Run<'_>) -> Found {
    let mut found = Found::new();
    let mut done = 0;
    for at in run.find_all(b"://") {
        if at < done {
            continue;
        }
        let letters = run.start(at, 16, |byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-')
        });
        let written = String::from_utf8_lossy(&run.text[letters..at]).to_ascii_lowercase();
        let known = SCHEMES
            .iter()
            .filter(|scheme| written.ends_with(*scheme) && !written.contains('+'))
            .max_by_key(|scheme| scheme.len());
        let start = match known {
            Some(scheme) => at - scheme.len(),
            None => letters,
        };
        let rest = at + 3;
        let fits = |byte: u8| {
            !matches!(
                byte,
                b' ' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'{' | b'}' | b'|' | b'\\' | b'^'
            )
        };
        let mut end = run.end(rest, URL_BYTES, fits);
        // A sentence goes on after it.
        while end > rest && matches!(run.text[end - 1], b'.' | b',' | b')' | b']' | b';' | b':' | b'!') {
            end -= 1;
        }
        if start < at && end > rest {
            found.push((FindingKind::Url, start..end));
            done = end;
        }
    }
    found
}

/// `name@host.domain`
pub(super) fn emails(run: &Run<'_>) -> Found {
    let mut found = Found::new();
    for at in run.find_all(b"@") {
        let start = run.start(at, LOCAL_BYTES, |byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-')
        });
        let mut end = run.end(at + 1, DOMAIN_BYTES, is_of_host);
        while end > at + 1 && matches!(run.text[end - 1], b'.' | b'-') {
            end -= 1;
        }
        let range = start..end;
        if start < at && is_domain(&run.text[at + 1..end]) && run.is_free(&range) {
            found.push((FindingKind::Email, range));
        }
    }
    found
}

/// IPv4 and IPv6 addresses.
pub(super) fn addresses(run: &Run<'_>) -> Found {
    let mut found = Found::new();
    for token in run.tokens(|byte| byte.is_ascii_digit() || byte == b'.') {
        // Such letters before it make it a version.
        if matches!(run.before(token.start), Some(b'v' | b'V' | b'-' | b'_' | b'@')) {
            continue;
        }
        if let Some(mut range) = ipv4(run.text, token) {
            if run.text.get(range.end) == Some(&b':') {
                let first = range.end + 1;
                // Nobody writes a port with zeros before it: what follows belongs to another string.
                let most = if run.text.get(first) == Some(&b'0') { 1 } else { 5 };
                let port = run.end(first, most, |byte| byte.is_ascii_digit());
                range.end = if port > first { port } else { range.end };
            }
            found.push((FindingKind::Address, range));
        }
    }
    for token in run.tokens(|byte| byte.is_ascii_hexdigit() || byte == b':') {
        let text = text_of(run, &token);
        let groups = text.split(':').filter(|group| !group.is_empty()).count();
        let beside = [run.before(token.start), run.text.get(token.end).copied()];
        let alone = beside
            .into_iter()
            .flatten()
            .all(|byte| !byte.is_ascii_alphanumeric() && byte != b'_');
        if alone
            && groups >= 2
            && text.contains(|letter: char| letter.is_ascii_digit())
            && text.parse::<Ipv6Addr>().is_ok()
        {
            found.push((FindingKind::Address, token));
        }
    }
    found.retain(|(_, range)| run.is_free(range));
    found
}

/// The IPv4 address in a stretch of digits and dots. Numbers of other strings may stand right before and after it.
fn ipv4(text: &[u8], token: Range<usize>) -> Option<Range<usize>> {
    let groups: Vec<&[u8]> = text[token.clone()].split(|byte| *byte == b'.').take(6).collect();
    let groups = match groups.as_slice() {
        // A sentence may end after it.
        [groups @ .., []] => groups,
        groups => groups,
    };
    let &[first, second, third, last] = groups else {
        return None;
    };
    let before = first.len().saturating_sub(3);
    let rest = 3 + second.len() + third.len();
    let start = token.start + before;
    let end = token.start + first.len() + rest + last.len().min(3);
    let address = std::str::from_utf8(&text[start..end]).ok()?;
    address.parse::<Ipv4Addr>().is_ok().then_some(start..end)
}

/// Host names, by their ends.
pub(super) fn names(run: &Run<'_>) -> Found {
    let mut found = Found::new();
    for token in run.tokens(is_of_host) {
        let text = text_of(run, &token);
        let text = text.trim_end_matches(['.', '-']);
        let range = token.start..token.start + text.len();
        // After such letters it is a path, a field or part of an identifier.
        let alone = !matches!(run.before(token.start), Some(b'/' | b'_' | b'@' | b':' | b'\\' | b'$'))
            && !matches!(run.text.get(range.end), Some(b'(' | b'_' | b'['));
        let host = (text.contains('.') && is_domain(text.as_bytes()) && ends_like_a_host(text)) || text == "localhost";
        if alone && host && text.len() <= DOMAIN_BYTES && run.is_free(&range) {
            found.push((FindingKind::Host, range));
        }
    }
    found
}

fn is_of_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')
}

/// Labels between dots, of which the last has letters only.
fn is_domain(text: &[u8]) -> bool {
    let mut labels = text.split(|byte| *byte == b'.');
    let last = labels.next_back().unwrap_or_default();
    let label = |label: &[u8]| (1..=63).contains(&label.len()) && label[0] != b'-';
    let mut any = false;
    let all = labels.all(|part| {
        any = true;
        label(part)
    });
    any && all && (2..=24).contains(&last.len()) && last.iter().all(u8::is_ascii_alphabetic)
}

fn ends_like_a_host(text: &str) -> bool {
    let end = text.rsplit('.').next().unwrap_or_default();
    TOP_LEVELS.contains(&end)
}

fn text_of<'a>(run: &Run<'a>, range: &Range<usize>) -> &'a str {
    std::str::from_utf8(&run.text[range.clone()]).unwrap_or_default()
}
