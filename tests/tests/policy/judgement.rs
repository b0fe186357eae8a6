//! The one judgement: every rule, both severities, every status of a signature.

use procvision_host::admission::{Candidate, Objection, Severity, admit, judge};
use procvision_host::explain::Explain;
use procvision_host::limits::{GrantedLimits, LimitRequest};
use procvision_host::manifest::Manifest;
use procvision_host::policy::StationPolicy;
use procvision_host::shape::Shape;
use procvision_host::signing::{Place, SignatureInfo, SignatureStatus};
use procvision_tests::guests::{lifted, lifted_for, rust_guest, shape};
use serde_json::{Value, json};
use std::path::Path;

fn policy(mut keys: Value) -> StationPolicy {
    keys["policy_version"] = json!(1);
    StationPolicy::parse(keys.to_string().as_bytes(), Path::new("policy.json")).expect("a good policy")
}

fn signature() -> SignatureInfo {
    SignatureInfo {
        key_id: "0123456789ABCDEF".to_owned(),
        signer: "maker".to_owned(),
        place: Place::Inside,
        signed: None,
        expires: None,
        trusted_comment: String::new(),
    }
}

fn statuses() -> Vec<SignatureStatus> {
    vec![
        SignatureStatus::Unsigned,
        SignatureStatus::UnknownKey {
            key_id: "0123456789ABCDEF".to_owned(),
        },
        SignatureStatus::Tampered {
            key_id: None,
            reason: "it does not fit".to_owned(),
        },
        SignatureStatus::Expired { signature: signature() },
        SignatureStatus::Revoked { signature: signature() },
    ]
}

/// A package as it stands before a judge.
struct Case {
    shape: Shape,
    limits: GrantedLimits,
    signature: SignatureStatus,
    manifest: Option<Manifest>,
}

impl Case {
    fn new(component: &[u8]) -> Self {
        Self {
            shape: Shape::read(component).expect("a component"),
            limits: StationPolicy::default().ceiling().grant(&LimitRequest::default()),
            signature: SignatureStatus::Valid { signature: signature() },
            manifest: None,
        }
    }

    fn good() -> Self {
        Self::new(&lifted("base"))
    }

    fn candidate(&self) -> Candidate<'_> {
        Candidate {
            shape: &self.shape,
            limits: &self.limits,
            signature: &self.signature,
            manifest: self.manifest.as_ref(),
        }
    }

    fn judge(&self, policy: &StationPolicy) -> Vec<Objection> {
        let objections = judge(policy, &self.candidate());
        for objection in &objections {
            assert!(
                !objection.message.is_empty() && !objection.remedy.is_empty(),
                "{objection:?}"
            );
        }
        objections
    }

    /// The only objection, with this rule.
    #[track_caller]
    fn only(&self, policy: &StationPolicy, rule: &str, severity: Severity, code: &str) -> Objection {
        let objections = self.judge(policy);
        assert_eq!(objections.len(), 1, "{objections:?}");
        let objection = objections.into_iter().next().unwrap();
        assert_eq!(
            (objection.rule.as_str(), objection.severity, &*objection.code),
            (rule, severity, code),
            "{objection:?}"
        );
        let admitted = admit(policy, &self.candidate());
        match severity {
            Severity::Warning => assert_eq!(admitted.unwrap(), [objection.clone()]),
            Severity::Refused => {
                let error = admitted.unwrap_err();
                assert_eq!(error.refusals(), [objection.clone()]);
                assert_eq!(
                    (&*error.code(), error.remedy().as_deref()),
                    (code, Some(&*objection.remedy))
                );
                assert!(error.to_string().contains(&objection.message) && error.subject_failed());
            }
        }
        objection
    }
}

#[test]
fn nothing_is_said_against_a_good_package() {
    for policy in [
        policy(json!({})),
        policy(json!({"signatures": "strict", "closed_imports": "refuse"})),
    ] {
        assert_eq!(Case::good().judge(&policy), []);
    }
}

#[test]
fn whatever_is_not_validly_signed_is_refused_under_strict_and_a_warning_under_lenient() {
    for status in statuses() {
        let case = Case {
            signature: status,
            ..Case::good()
        };
        let refused = case.only(
            &policy(json!({"signatures": "strict"})),
            "signatures",
            Severity::Refused,
            "2005",
        );
        assert!(refused.message.contains("`signatures` is strict"), "{refused:?}");
        let warned = case.only(&policy(json!({})), "signatures", Severity::Warning, "2005");
        assert!(warned.message.contains("`signatures` is lenient"), "{warned:?}");
        assert!(warned.message.starts_with(&case.signature.to_string()), "{warned:?}");
    }
}

#[test]
fn imports_are_refused_by_the_key_that_refuses_them() {
    let http = Case::new(&shape("http"));
    let objection = http
        .judge(&policy(json!({})))
        .into_iter()
        .find(|objection| objection.rule == "imports");
    assert!(objection.is_some_and(|objection| objection.message.contains("wasi:http")));

    let case = Case::new(&std::fs::read(rust_guest("rogue")).expect("the guest was built"));
    let list = json!([
        "procvision:algorithm/*",
        "wasi:cli/*",
        "wasi:io/streams",
        "wasi:io/poll",
        "wasi:io/error"
    ]);
    let station = policy(json!({ "allowed_imports": list }));
    let objection = case.only(&station, "allowed_imports", Severity::Refused, "2003");
    for name in ["wasi:clocks/monotonic-clock@", "wasi:random/random@"] {
        assert!(objection.message.contains(name), "{objection:?}");
    }
    assert_eq!(
        objection.message.matches("each of which is not in").count(),
        1,
        "{objection:?}"
    );
    assert!(
        !objection.message.contains("wasi:io") && !objection.message.contains("procvision:"),
        "{objection:?}"
    );

    let snoop = Case::new(&std::fs::read(rust_guest("snoop")).expect("the guest was built"));
    let station = policy(json!({"closed_imports": "refuse"}));
    let objection = snoop.only(&station, "closed_imports", Severity::Refused, "2003");
    assert!(objection.message.contains("wasi:filesystem/types@"), "{objection:?}");
}

#[test]
fn another_contract_is_refused_whatever_the_policy() {
    let case = Case::new(&lifted_for("base", "2.0.0"));
    let objections = case.judge(&policy(json!({})));
    let contract = objections
        .iter()
        .find(|objection| objection.rule == "contract")
        .expect("it is refused");
    assert_eq!((contract.severity, &*contract.code), (Severity::Refused, "2003"));
    assert!(contract.message.contains("2.0.0"), "{contract:?}");
    assert_eq!(
        Case::new(&shape("no-lifecycle")).judge(&policy(json!({})))[0].rule,
        "contract"
    );
    let memories = Case::new(&shape("two-memories")).judge(&policy(json!({})));
    assert!(
        memories.iter().any(|objection| objection.rule == "memories"),
        "{memories:?}"
    );
}

#[test]
fn limits_above_the_ceiling_are_named_with_what_was_asked_and_granted() {
    let station = policy(json!({"ceilings": {"memory_bytes": 1_048_576}}));
    let request = LimitRequest {
        memory_bytes: Some(2_097_152),
        ..LimitRequest::default()
    };
    let case = Case {
        limits: station.ceiling().grant(&request),
        ..Case::good()
    };
    let objection = case.only(&station, "ceilings.memory_bytes", Severity::Warning, "limit-cut");
    assert!(
        objection.message.contains("2097152") && objection.message.contains("1048576"),
        "{objection:?}"
    );

    let station = policy(json!({"ceilings": {"component_bytes": 100}}));
    let case = Case {
        limits: station.ceiling().grant(&LimitRequest::default()),
        ..Case::good()
    };
    case.only(&station, "ceilings.component_bytes", Severity::Refused, "2005");
}

#[test]
fn many_product_models_are_a_warning() {
    let pids: Vec<String> = (0..21).map(|number| format!("P{number}")).collect();
    let manifest = json!({
        "manifest_version": 1, "name": "a", "version": "1.0.0", "description": "", "component": "c.wasm",
        "supported_pids": pids,
    });
    let manifest = Manifest::parse(manifest.to_string().as_bytes(), Path::new("manifest.json")).unwrap();
    let case = Case {
        manifest: Some(manifest),
        ..Case::good()
    };
    let objection = case.only(&policy(json!({})), "supported_pids", Severity::Warning, "many-pids");
    assert!(objection.message.contains("21"), "{objection:?}");
}

#[test]
fn a_refusal_lists_every_reason() {
    let station = policy(json!({"signatures": "strict", "ceilings": {"component_bytes": 100}}));
    let case = Case {
        signature: SignatureStatus::Unsigned,
        limits: station.ceiling().grant(&LimitRequest {
            tables: Some(1_000),
            ..LimitRequest::default()
        }),
        ..Case::good()
    };
    let error = admit(&station, &case.candidate()).unwrap_err();
    let rules: Vec<&str> = error.refusals().iter().map(|refusal| refusal.rule.as_str()).collect();
    assert_eq!(rules, ["signatures", "ceilings.component_bytes"]);
    assert_eq!(error.warnings().len(), 1);
    let sentence = error.to_string();
    assert!(
        sentence.contains("not signed") && sentence.contains("`component_bytes` is 100"),
        "{sentence}"
    );
}
