//! Texts that are called signatures and are none.

use super::stage::{assess, decode, encode, key, signed, small, trusting};
use procvision_host::limits::SIGNATURE_BYTES;
use procvision_host::signing::SignatureStatus;

#[test]
fn what_is_no_signature_is_refused_with_a_reason() {
    let (package, key) = (small("alpha", "1.0.0"), key());
    let trust = trusting(&[("acme.pub", key.public())]);
    let good = signed(&package, &key).text;
    let lines: Vec<&str> = good.lines().collect();
    let with = |line: usize, text: &str| {
        let mut lines = lines.clone();
        lines[line - 1] = text;
        lines.join("\n") + "\n"
    };
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = decode(lines[1]);
        change(&mut bytes);
        with(2, &encode(&bytes))
    };
    let huge = format!("untrusted comment: {}", "x".repeat(SIGNATURE_BYTES as usize));
    let cases = [
        (String::new(), "four lines"),
        ("\n\n\n\n".to_owned(), "line 1 does not begin"),
        (good.trim_end().to_owned(), "four lines"),
        (format!("{good}\n"), "four lines"),
        (format!("{good}{good}"), "four lines"),
        (format!("\u{feff}{good}"), "line 1 does not begin"),
        (good.replace('\n', "\r\n"), "line 1 contains a control character"),
        (good.replace('\n', "\r"), "four lines"),
        (
            with(1, "untrusted comment: a\0b"),
            "line 1 contains a control character",
        ),
        (
            with(1, "untrusted comment: a\u{1b}[2J"),
            "line 1 contains a control character",
        ),
        (with(1, "trusted comment: x"), "line 1 does not begin"),
        (with(1, &huge), "bytes, and a signature at most"),
        (with(2, ""), "line 2 is not the base64 form"),
        (
            with(2, &lines[1][..lines[1].len() - 1]),
            "line 2 is not the base64 form",
        ),
        (with(2, &format!("{}=", lines[1])), "line 2 is not the base64 form"),
        (with(2, &format!(" {}", lines[1])), "line 2 is not the base64 form"),
        (with(2, &format!("{} ", lines[1])), "line 2 is not the base64 form"),
        (with(2, &lines[1].replace('=', "")), "line 2 is not the base64 form"),
        (with(2, &lines[1].replace('=', "-")), "line 2 is not the base64 form"),
        (with(2, &loose(lines[1])), "line 2 is not the base64 form"),
        (with(2, lines[3]), "line 2 is not the base64 form of 74 bytes"),
        (with(4, lines[1]), "line 4 is not the base64 form of 64 bytes"),
        (with(4, &loose(lines[3])), "line 4 is not the base64 form"),
        (
            changed(&|bytes| bytes.push(0)),
            "line 2 is not the base64 form of 74 bytes",
        ),
        (changed(&|bytes| bytes[1] = b'd'), "legacy kind"),
        (changed(&|bytes| bytes[1] = b'x'), "an unknown algorithm"),
        (changed(&|bytes| bytes[0] = 0), "an unknown algorithm"),
        (with(3, "untrusted comment: x"), "line 3 does not begin"),
        (with(3, &lines[2][..16]), "line 3 does not begin"),
        (with(3, &format!("{} ", lines[2])), "begins or ends with a space"),
        (with(3, &lines[2].replace(": ", ":  ")), "begins or ends with a space"),
        (
            with(3, &format!("{}\0", lines[2])),
            "line 3 contains a control character",
        ),
        (with(3, &lines[2].replace("alpha", "alphA")), "does not fit"),
        (with(3, "trusted comment: "), "does not fit"),
    ];
    for (text, expected) in cases {
        match assess(&package, Some(&text), &trust) {
            SignatureStatus::Tampered { reason, .. } => assert!(reason.contains(expected), "{text:?}: {reason}"),
            other => panic!("{text:?}: {other:?}"),
        }
    }
}

/// The same bytes with a bit set that padding leaves over.
fn loose(text: &str) -> String {
    let letters = text.trim_end_matches('=');
    let last = letters.chars().last().unwrap();
    // The last letter stands for some bits and zeros; its successor in the alphabet has one of those set.
    let next = match last {
        'Z' => 'a',
        'z' => '0',
        '9' => '+',
        '+' => '/',
        letter => char::from(letter as u8 + 1),
    };
    let loose = format!("{}{next}{}", &letters[..letters.len() - 1], &text[letters.len()..]);
    assert_eq!(decode(&loose), decode(text));
    loose
}

#[test]
fn the_untrusted_comment_is_fixed_inside_and_free_beside() {
    let (package, key) = (small("alpha", "1.0.0"), key());
    let trust = trusting(&[("acme.pub", key.public())]);
    let good = signed(&package, &key).text;
    let (first, rest) = good.split_once('\n').unwrap();
    assert_eq!(first, "untrusted comment: signature of a ProcVision package");
    for comment in ["", "signature from minisign secret key", "für Linie 3\tgeprüft"] {
        let text = format!("untrusted comment: {comment}\n{rest}");
        assert!(assess(&package, Some(&text), &trust).is_valid(), "{comment}");
        let (unsigned, manifest) = (package.unsigned(), package.manifest());
        let now = super::stage::NOW;
        let inside = procvision_host::signing::assess(&unsigned, Some(&text), None, manifest, &trust, now);
        assert!(
            inside.to_string().contains("the first line of a signature inside"),
            "{inside}"
        );
    }
}
