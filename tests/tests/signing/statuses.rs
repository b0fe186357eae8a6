//! What each signature is worth: every status, and what makes the difference.

use super::stage::{NOW, Stage, assess, embedded, key, minisign, parse, signed, small, trusting, with_id_of};
use procvision_host::archive::{self, Archive};
use procvision_host::signing::{self, Place, PublicKey, SignatureStatus, TrustStore};
use time::Duration;
use time::macros::{date, datetime};

#[track_caller]
fn tampered(status: &SignatureStatus, word: &str) {
    match status {
        SignatureStatus::Tampered { reason, .. } => assert!(reason.contains(word), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_unsigned_package_is_unsigned() {
    let status = assess(&small("alpha", "1.0.0"), None, &TrustStore::empty());
    assert_eq!(status, SignatureStatus::Unsigned);
    assert_eq!(status.to_string(), "the package is not signed");
}

#[test]
fn a_signature_counts_inside_and_beside() {
    let (package, key) = (small("alpha", "1.0.0"), key());
    let trust = trusting(&[("acme.pub", key.public())]);
    let signature = signed(&package, &key);
    let inside = embedded(&package, &signature.text);
    assert_eq!(inside.digest(), package.digest(), "signing does not change the digest");
    for (package, beside, place) in [
        (&inside, None, Place::Inside),
        (&package, Some(signature.text.as_str()), Place::Beside),
        (&inside, Some(signature.text.as_str()), Place::Inside),
    ] {
        let status = assess(package, beside, &trust);
        assert!(status.is_valid(), "{status}");
        let info = status.signature().unwrap();
        assert_eq!((info.signer.as_str(), info.place), ("acme", place));
        assert_eq!((info.signed, info.expires), (Some(NOW), None));
        assert_eq!(info.key_id, key.public().id());
        assert_eq!(
            info.trusted_comment,
            format!(
                "procvision:1 name:alpha version:1.0.0 sha256:{} signed:2026-11-25T12:00:00Z",
                package.digest()
            )
        );
    }
    let json = assess(&inside, None, &trust).to_json();
    for (name, value) in [
        ("status", "valid"),
        ("signer", "acme"),
        ("place", "inside"),
        ("signed", "2026-11-25T12:00:00Z"),
    ] {
        assert_eq!(json[name], value);
    }
}

#[test]
fn nobody_is_trusted_who_is_not_named() {
    let (package, key) = (small("alpha", "1.0.0"), key());
    let inside = embedded(&package, &signed(&package, &key).text);
    let id = key.public().id().to_owned();
    for trust in [
        TrustStore::empty(),
        trusting(&[("other.pub", super::stage::key().public())]),
    ] {
        let unknown = SignatureStatus::UnknownKey { key_id: id.clone() };
        assert_eq!(assess(&inside, None, &trust), unknown);
    }
}

#[test]
fn an_identifier_proves_nothing() {
    let (package, key, thief) = (small("alpha", "1.0.0"), key(), key());
    let trust = trusting(&[("acme.pub", key.public())]);
    // The identifier in a signature is not signed, and anybody can make a key with a given one.
    let text = with_id_of(&signed(&package, &thief).text, key.public());
    let status = assess(&embedded(&package, &text), None, &trust);
    assert_eq!(status.key_id(), Some(key.public().id()));
    tampered(&status, "does not fit");

    // A key with the identifier of a revoked one is another key, for good and for bad.
    let twin = PublicKey::parse(with_id_of(&thief.public().to_text(), key.public()).as_bytes()).unwrap();
    assert_eq!(twin.id(), key.public().id());
    let trust = trusting(&[("revoked/acme.pub", key.public()), ("twin.pub", &twin)]);
    let by_twin = assess(&package, Some(&text), &trust);
    assert_eq!(
        by_twin.signature().map(|info| info.signer.as_str()),
        Some("twin"),
        "{by_twin}"
    );
    assert!(by_twin.is_valid());
    let by_revoked = assess(&package, Some(&signed(&package, &key).text), &trust);
    assert_eq!(by_revoked.as_str(), "revoked");
}

#[test]
fn a_revoked_key_is_revoked_wherever_else_it_lies() {
    let (package, key) = (small("alpha", "1.0.0"), key());
    let inside = embedded(&package, &signed(&package, &key).text);
    // The same key under the identifier of another one.
    let twin = PublicKey::parse(with_id_of(&key.public().to_text(), self::key().public()).as_bytes()).unwrap();
    assert_ne!(twin.id(), key.public().id());
    assert!(twin.is_same_key(key.public()) && twin != *key.public());
    for keys in [
        &[("revoked/acme.pub", key.public())][..],
        &[("acme.pub", key.public()), ("revoked/stolen.pub", key.public())],
        &[("acme.pub", key.public()), ("revoked/stolen.pub", &twin)],
    ] {
        let trust = trusting(keys);
        let status = assess(&inside, None, &trust);
        assert_eq!(status.as_str(), "revoked");
        assert!(status.to_string().ends_with("that key is revoked"), "{status}");
        assert_eq!(trust.warnings().len(), keys.len() - 1);
    }
}

#[test]
fn the_last_day_is_a_whole_day_in_utc() {
    let (package, key) = (small("alpha", "1.0.0"), key());
    let trust = trusting(&[("acme.pub", key.public())]);
    let (unsigned, last) = (package.unsigned(), Some(date!(2026 - 12 - 31)));
    let signature = signing::sign(&unsigned, package.manifest(), &key, NOW, last).unwrap();
    assert!(signature.trusted_comment.ends_with(" expires:2026-12-31"));
    for (now, word) in [
        (datetime!(2026-12-31 23:59:59 UTC), "valid"),
        (datetime!(2027-01-01 00:00:00 UTC), "expired"),
        // Still the last day in UTC, and no longer.
        (datetime!(2027-01-01 08:59:59 +9), "valid"),
        (datetime!(2026-12-31 19:00:00 -5), "expired"),
    ] {
        let text = Some(signature.text.as_str());
        let status = signing::assess(&unsigned, text, None, package.manifest(), &trust, now);
        assert_eq!(status.as_str(), word, "{now}: {status}");
        assert_eq!(status.signature().unwrap().expires, last);
    }
    for day in [date!(2026 - 11 - 24), date!(1999 - 12 - 31)] {
        signing::sign(&unsigned, package.manifest(), &key, NOW, Some(day)).unwrap_err();
    }
    signing::sign(&unsigned, package.manifest(), &key, NOW, Some(NOW.date())).unwrap();
}

#[test]
fn a_signature_cannot_be_moved_to_another_package_or_version() {
    let key = key();
    let trust = trusting(&[("acme.pub", key.public())]);
    let alpha = small("alpha", "1.0.0");
    let text = signed(&alpha, &key).text;
    for (name, version) in [("beta", "1.0.0"), ("alpha", "1.0.1")] {
        let status = assess(&embedded(&small(name, version), &text), None, &trust);
        tampered(
            &status,
            &format!("it speaks of alpha 1.0.0, and this is {name} {version}"),
        );
    }
    // The same name and version, but another content.
    let mut files = super::stage::small_files("alpha", "1.0.0");
    files.insert("assets/table.json".to_owned(), b"[1, 2, 4]\n".to_vec());
    let other = parse(archive::write(&files).unwrap()).unwrap();
    tampered(&assess(&other, Some(&text), &trust), "was changed");
}

/// Whoever has a key can write anything into a comment; what it says of the package must be true all the same.
#[test]
fn what_a_comment_says_must_be_true() {
    let (stage, package) = (Stage::set(), small("alpha", "1.0.0"));
    let trust = TrustStore::of_key("acme", PublicKey::read(&stage.path("acme.pub")).unwrap());
    let digest = package.digest();
    let comment = |name: &str, version: &str, digest: &str, rest: &str| {
        format!("procvision:1 name:{name} version:{version} sha256:{digest} signed:2026-11-25T12:00:00Z{rest}")
    };
    let other = "0".repeat(64);
    for (comment, word) in [
        (comment("beta", "1.0.0", digest, ""), "name `beta`"),
        (comment("alpha", "1.0.1", digest, ""), "version `1.0.1`"),
        (comment("alpha", "1.0.0", &other, ""), "sha256 `00"),
        (
            comment("alpha", "1.0.0", digest, " expires:2027-02-30"),
            "in another form",
        ),
        (comment("alpha", "1.0.0", digest, " note:x"), "in another form"),
        ("procvision:2 name:alpha".to_owned(), "of version 2"),
        ("procvision:".to_owned(), "of version"),
    ] {
        let text = signed_by_tool(&stage, &comment);
        tampered(&assess(&package, Some(&text), &trust), word);
    }
    let text = signed_by_tool(&stage, &comment("alpha", "1.0.0", digest, " expires:2026-11-24"));
    assert_eq!(assess(&package, Some(&text), &trust).as_str(), "expired");
    // Anything else is the signer's own business.
    let text = signed_by_tool(&stage, "for line 3, checked by Kim");
    let status = assess(&package, Some(&text), &trust);
    assert!(status.is_valid(), "{status}");
    let info = status.signature().unwrap();
    assert_eq!((info.signed, info.expires), (None, None));
    assert_eq!(info.trusted_comment, "for line 3, checked by Kim");
}

fn signed_by_tool(stage: &Stage, comment: &str) -> String {
    let arguments = ["-S", "-s", "acme.key", "-m", "a.zip", "-t", comment];
    stage.tool(minisign(), &arguments, "").expect(0);
    String::from_utf8(stage.read("a.zip.minisig")).unwrap()
}

#[test]
fn of_two_signatures_the_worse_one_counts() {
    let (package, good, other, revoked) = (small("alpha", "1.0.0"), key(), key(), key());
    let trust = trusting(&[("good.pub", good.public()), ("revoked/old.pub", revoked.public())]);
    let yesterday = NOW - Duration::DAY;
    let expired = signing::sign(
        &package.unsigned(),
        package.manifest(),
        &good,
        yesterday,
        Some(yesterday.date()),
    )
    .unwrap();
    let [valid, unknown, revoked] = [&good, &other, &revoked].map(|key| signed(&package, key).text);
    let moved = signed(&small("beta", "1.0.0"), &good).text;
    let ranked = [
        ("valid", valid),
        ("unknown_key", unknown),
        ("expired", expired.text),
        ("revoked", revoked),
        ("tampered", moved),
    ];
    for (first, (_, inside)) in ranked.iter().enumerate() {
        for (second, (_, beside)) in ranked.iter().enumerate() {
            let inside = embedded(&package, inside);
            let worst = ranked[first.max(second)].0;
            assert_eq!(assess(&inside, Some(beside), &trust).as_str(), worst);
            let (unsigned, text) = (inside.unsigned(), inside.signature());
            let each = signing::assess_each(&unsigned, text, Some(beside), inside.manifest(), &trust, NOW);
            let words: Vec<_> = each.iter().map(|(place, status)| (*place, status.as_str())).collect();
            assert_eq!(
                words,
                [(Place::Inside, ranked[first].0), (Place::Beside, ranked[second].0)]
            );
        }
    }
}

#[test]
fn signing_twice_signs_the_same_bytes() {
    let (package, key) = (small("alpha", "1.0.0"), key());
    let once = embedded(&package, &signed(&package, &key).text);
    assert_eq!(once.unsigned(), package.unsigned());
    let again: Archive = embedded(&once, &signed(&once, &key).text);
    assert!(assess(&again, None, &trusting(&[("acme.pub", key.public())])).is_valid());
}
