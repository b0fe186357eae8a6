//! Where the attacks take place: two hosts with small limits, an algorithm that behaves in each, and what every test
//! asserts.

use procvision_host::algorithm::{Algorithm, LoadError};
use procvision_host::call::StepCall;
use procvision_host::failure::{ErrorCode, Failure, FailureClass};
use procvision_host::frame::{Frame, PixelFormat};
use procvision_host::host::{Host, HostConfig};
use procvision_host::limits::Limits;
use procvision_host::outcome::{Outcome, StepReport};
use procvision_host::policy::SandboxPolicy;
use procvision_host::session::{Session, SessionBounds};
use procvision_tests::guests::{Folder, lifted, rust_guest};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// Longer than any test takes. A test that hangs would otherwise say nothing.
const WATCHDOG: Duration = Duration::from_secs(120);
/// Fuel of every phase in [`Stage::fuel`].
pub const FUEL: u64 = 400_000_000;
/// Fuel of every phase in [`Stage::patient`]: hours.
pub const PATIENCE: u64 = 10_000_000_000_000;
/// Wall-clock time of every phase in [`Stage::clock`], in milliseconds.
pub const DEADLINE_MS: u64 = 300;
/// Linear memory of an instance.
pub const MEMORY: u64 = 128 << 20;

/// A host and an algorithm in it that behaves.
pub struct Stage {
    pub host: Host,
    bystander: Mutex<Algorithm>,
}

impl Stage {
    /// Fuel runs out long before time does.
    pub fn fuel() -> &'static Self {
        static STAGE: OnceLock<Stage> = OnceLock::new();
        STAGE.get_or_init(|| {
            Self::new(Limits {
                info_fuel: FUEL,
                setup_fuel: FUEL,
                pre_execute_fuel: FUEL,
                execute_fuel: FUEL,
                hook_fuel: FUEL,
                info_deadline_ms: 60_000,
                setup_deadline_ms: 60_000,
                pre_execute_deadline_ms: 60_000,
                execute_deadline_ms: 60_000,
                hook_deadline_ms: 60_000,
                ..ceiling()
            })
        })
    }

    /// Time runs out long before fuel does.
    pub fn clock() -> &'static Self {
        static STAGE: OnceLock<Stage> = OnceLock::new();
        STAGE.get_or_init(|| {
            Self::new(Limits {
                pre_execute_deadline_ms: DEADLINE_MS,
                execute_deadline_ms: DEADLINE_MS,
                hook_deadline_ms: DEADLINE_MS,
                ..ceiling()
            })
        })
    }

    /// Neither fuel nor time runs out: what happens, others make happen.
    pub fn patient() -> &'static Self {
        static STAGE: OnceLock<Stage> = OnceLock::new();
        STAGE.get_or_init(|| {
            Self::new(Limits {
                info_fuel: PATIENCE,
                setup_fuel: PATIENCE,
                execute_fuel: PATIENCE,
                hook_fuel: PATIENCE,
                info_deadline_ms: 1_000_000,
                setup_deadline_ms: 1_000_000,
                execute_deadline_ms: 1_000_000,
                hook_deadline_ms: 1_000_000,
                ..ceiling()
            })
        })
    }

    /// As [`Stage::fuel`], but line tables are read.
    pub fn reading_line_tables() -> &'static Self {
        static STAGE: OnceLock<Stage> = OnceLock::new();
        STAGE.get_or_init(|| {
            let policy = SandboxPolicy {
                line_tables: true,
                ..SandboxPolicy::default()
            };
            Self::with_policy(ceiling(), policy)
        })
    }

    fn new(ceiling: Limits) -> Self {
        Self::with_policy(ceiling, SandboxPolicy::default())
    }

    fn with_policy(ceiling: Limits, policy: SandboxPolicy) -> Self {
        let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/guests/compiled");
        let config = HostConfig {
            ceiling,
            policy,
            compile_cache: Some(cache),
            ..HostConfig::default()
        };
        let host = Host::new(config).expect("the host can be set up");
        let bystander = load(&host, &Folder::with_bytes("lifted", "1.0.0", &lifted("base")));
        Self {
            host,
            bystander: Mutex::new(bystander.expect("the algorithm that behaves can be loaded")),
        }
    }

    /// The algorithm that behaves still judges.
    pub fn goes_on(&self) {
        let mut bystander = self.bystander.lock().unwrap_or_else(PoisonError::into_inner);
        let mut session = new_session("bystander");
        for report in [
            bystander.pre_execute(&mut session, &call()),
            bystander.execute(&mut session, &call()),
        ] {
            assert!(
                matches!(report.outcome.as_str(), "ready" | "ok"),
                "{:?}",
                report.outcome
            );
        }
    }

    /// Loading fails, and everybody else goes on.
    pub fn refuses(&self, folder: &Folder) -> LoadError {
        let watch = Watch::new(&folder.component().display().to_string());
        let error = load(&self.host, folder).err().expect("it must not load");
        println!("{}", procvision_host::explain::one_line(&error));
        self.goes_on();
        drop(watch);
        error
    }
}

fn ceiling() -> Limits {
    Limits {
        memory_bytes: MEMORY,
        ..Limits::default_ceiling()
    }
}

pub fn load(host: &Host, folder: &Folder) -> Result<Algorithm, LoadError> {
    let package = folder.open(&host.config().ceiling).expect("the package can be read");
    host.load(&package)
}

/// The request that every test makes: a gray picture of 64 x 64 pixels.
pub fn call() -> StepCall {
    let frame = Frame::from_pixels(PixelFormat::Mono8, 64, 64, 64, vec![128; 64 * 64]).expect("a picture");
    StepCall::new(1, "A01", frame)
}

pub fn new_session(id: &str) -> Session {
    Session::new(id, serde_json::Map::new())
}

/// An ill-behaved algorithm and one inspection that it is asked about.
pub struct Villain {
    pub stage: &'static Stage,
    pub algorithm: Algorithm,
    pub session: Session,
    _watch: Watch,
}

impl Villain {
    pub fn new(stage: &'static Stage, folder: &Folder) -> Self {
        let watch = Watch::new(&folder.component().display().to_string());
        let algorithm =
            load(&stage.host, folder).unwrap_or_else(|error| panic!("{}", procvision_host::explain::one_line(&error)));
        Self {
            stage,
            algorithm,
            session: new_session("inspection"),
            _watch: watch,
        }
    }

    pub fn rogue() -> Self {
        Self::new(Stage::fuel(), &rogue())
    }

    pub fn rogue_by_the_clock() -> Self {
        Self::new(Stage::clock(), &rogue())
    }

    pub fn snoop() -> Self {
        Self::snoop_on(Stage::fuel())
    }

    pub fn snoop_on(stage: &'static Stage) -> Self {
        let folder = Folder::with_file("snoop", "0.1.0", rust_guest("snoop"));
        Self::new(stage, &folder)
    }

    pub fn lifted(name: &str) -> Self {
        let folder = Folder::with_bytes("lifted", "1.0.0", &lifted(name));
        Self::new(Stage::fuel(), &folder)
    }

    /// Asks for a verdict with parameter `attack`.
    pub fn attack(&mut self, attack: &str) -> StepReport {
        self.execute(call().with_param("attack", attack))
    }

    /// Asks a lifted guest, which takes a described step for the order to attack.
    pub fn attack_lifted(&mut self) -> StepReport {
        let mut call = call();
        call.step_desc = Some("please attack".into());
        self.execute(call)
    }

    pub fn execute(&mut self, call: StepCall) -> StepReport {
        let report = self.algorithm.execute(&mut self.session, &call);
        println!("{}", described(&report));
        report
    }

    /// Leaves an order for the hooks in the session.
    pub fn order(&mut self, attack: &str) {
        let bounds = SessionBounds {
            bytes: 1_000,
            key_bytes: 100,
        };
        self.session
            .set("attack", format!("\"{attack}\""), bounds)
            .expect("the order fits");
    }

    /// The next call of the same algorithm succeeds, and so does the algorithm that behaves.
    pub fn recovers(&mut self) {
        self.session.delete("attack");
        let report = self.algorithm.execute(&mut self.session, &call());
        assert_eq!(report.outcome.as_str(), "ok", "{:?}", report.outcome);
        assert!(!report.instance_replaced);
        self.stage.goes_on();
    }

    /// The attack ends in this failure, which costs the instance; then all goes on.
    pub fn loses(&mut self, report: &StepReport, class: FailureClass, code: ErrorCode, text: &str) {
        assert_failure(failed(report), class, code, text);
        assert!(report.instance_replaced);
        assert!(class.poisons_instance());
        self.recovers();
    }

    /// The attack ends in this failure, which does not cost the instance; then all goes on.
    pub fn fails(&mut self, report: &StepReport, class: FailureClass, code: ErrorCode, text: &str) {
        assert_failure(failed(report), class, code, text);
        assert!(!report.instance_replaced);
        self.recovers();
    }

    /// The attack achieves nothing: the verdict is OK with this message.
    pub fn bounces(&mut self, report: &StepReport, text: &str) {
        assert!(message(report).contains(text), "`{}` has no `{text}`", message(report));
        self.recovers();
    }
}

pub fn rogue() -> Folder {
    Folder::with_file("rogue", "0.1.0", rust_guest("rogue"))
}

pub fn failed(report: &StepReport) -> &Failure {
    report
        .outcome
        .failure()
        .unwrap_or_else(|| panic!("no failure: {:?}", report.outcome))
}

pub fn assert_failure(failure: &Failure, class: FailureClass, code: ErrorCode, text: &str) {
    assert_eq!((failure.class, failure.code), (class, code), "{failure}");
    assert!(failure.message.contains(text), "`{}` has no `{text}`", failure.message);
    assert!(
        failure.message.len() < 8_192,
        "a message of {} bytes",
        failure.message.len()
    );
}

/// The message of a verdict OK.
pub fn message(report: &StepReport) -> &str {
    match &report.outcome {
        Outcome::Ok { message, .. } => message.as_deref().unwrap_or(""),
        other => panic!("not OK: {other:?}"),
    }
}

pub fn warned(report: &StepReport, kind: &str) -> bool {
    report.warnings.iter().any(|warning| warning.kind == kind)
}

fn described(report: &StepReport) -> String {
    let class = report.outcome.failure().map_or("", |failure| failure.class.as_str());
    let text = match &report.outcome {
        Outcome::Failed(failure) => failure.to_string(),
        Outcome::Ok { message, .. } => message.clone().unwrap_or_default(),
        Outcome::Ng { reason, .. } => reason.clone(),
        other => format!("{other:?}"),
    };
    let text: String = text.chars().take(300).collect();
    format!("{} {class}: {text:?}", report.outcome.as_str())
}

/// Ends the process with a message if it lives too long.
struct Watch(#[expect(dead_code, reason = "dropping it ends the thread")] mpsc::Sender<()>);

impl Watch {
    fn new(what: &str) -> Self {
        let (stop, stopped) = mpsc::channel();
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        let what = what.to_owned();
        std::thread::spawn(move || {
            if let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(WATCHDOG) {
                eprintln!("{test} hangs with {what}");
                std::process::abort();
            }
        });
        Self(stop)
    }
}
