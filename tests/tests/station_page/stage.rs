//! A station with three lines, and a browser that shows its page.

use procvision_tests::binary::guest_target_dir;
use procvision_tests::browser::Browser;
use procvision_tests::examples::{self, NEXT_VERSION};
use procvision_tests::frame_pool::eventually;
use procvision_tests::station::{Premises, Served};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The packages that are tried, made once in each run.
pub struct Packages {
    folder: PathBuf,
}

impl Packages {
    /// All of them.
    pub fn made() -> &'static Self {
        static MADE: OnceLock<Packages> = OnceLock::new();
        MADE.get_or_init(|| {
            // Always the same, so that cargo compiles the next version once.
            let folder = guest_target_dir().join("station-page");
            std::fs::create_dir_all(&folder).unwrap();
            for example in ["presence-check", "surface-defect", "capture-quality"] {
                examples::package(example, &folder);
            }
            examples::next_package("presence-check", &folder);
            Self { folder }
        })
    }

    /// The file of one.
    pub fn file(&self, name: &str, version: &str) -> PathBuf {
        let path = self.folder.join(format!("{name}-v{version}-offline.zip"));
        assert!(path.is_file(), "{}", path.display());
        path
    }
}

/// What a station of three lines is told: coins on a tray, a wall, and whether a picture is good enough.
pub fn config() -> Value {
    let line = |pid: &str, source: &str| json!({"pid": pid, "source": source, "phases": ["pre_execute", "execute"]});
    let mut wall = line("B01", "wall");
    wall["guide"] = "good-wall".into();
    json!({
        "save_debug_fields": ["latency_ms", "fuel"],
        "station": {
            "name": "line 3",
            "sources": {
                "tray": {"pool": "tray-camera"},
                "wall": {"pool": "wall-camera"},
                "desk": {"pool": "desk-camera"},
                "good-wall": {"file": examples::picture("surface-defect", "brick.png")},
            },
            "lines": {"tray": line("A01", "tray"), "wall": wall, "desk": line("C01", "desk")},
            "results": {"thumbnails": "all"},
        },
    })
}

/// A station, and a browser before its page.
pub struct Stage {
    pub browser: Browser,
    pub served: Served,
    pub premises: Premises,
}

impl Stage {
    /// With nothing installed.
    #[track_caller]
    pub fn empty() -> Self {
        Packages::made();
        let premises = Premises::new();
        let served = premises.begin(&config());
        Self::before(premises, served)
    }

    /// With everything installed, and three product models judged.
    #[track_caller]
    pub fn busy() -> Self {
        let premises = Premises::new();
        let install = |name: &str, version: &str| {
            let file = Packages::made().file(name, version);
            premises.store(&["install", file.to_str().unwrap()]);
        };
        let activate = |name: &str, pid: &str| premises.store(&["activate", name, "0.1.0", "--pid", pid]);
        for (name, pid) in [
            ("presence_check", "A01"),
            ("surface_defect", "B01"),
            ("capture_quality", "C01"),
        ] {
            install(name, "0.1.0");
            activate(name, pid);
        }
        install("presence_check", NEXT_VERSION);
        let served = premises.serve(&config());
        Self::before(premises, served)
    }

    fn before(premises: Premises, served: Served) -> Self {
        let browser = Browser::open(&format!("{}/", served.page));
        let mut stage = Self {
            browser,
            served,
            premises,
        };
        stage.browser.until(
            "the page speaks with the station",
            "document.getElementById('connection').textContent === 'Live'",
        );
        stage
    }

    /// Has a camera show a picture of an example, and waits until the line's view shows what came of it: this outcome,
    /// whatever else is judged at that moment.
    #[track_caller]
    pub fn show(&mut self, pool: &str, example: &str, picture: &str, outcome: &str) -> Value {
        let before = self.newest();
        self.premises.show(pool, &examples::picture(example, picture));
        let mut result = Value::Null;
        eventually("it is judged", || {
            result = self.served.get("/results?limit=1").1["results"][0].clone();
            // Good conditions are no verdict yet.
            let judged = result["phase"] == "execute" || result["outcome"] != "OK";
            judged && result["outcome"] == outcome && result["id"].as_u64().is_some_and(|id| id > before)
        });
        let link = format!("#/results/{}", result["id"]);
        self.browser.until(
            "the page shows what came of the picture",
            &format!(
                "[...document.querySelectorAll('.facts a')].some((link) => link.hash === '{link}') &&
                 !document.querySelector('.behind')"
            ),
        );
        result
    }

    /// The number of the newest result.
    #[track_caller]
    pub fn newest(&self) -> u64 {
        let (_, answer) = self.served.get("/results?limit=1");
        answer["results"][0]["id"].as_u64().unwrap_or(0)
    }

    /// Goes to a view, with the mouse.
    #[track_caller]
    pub fn go(&mut self, view: &str) {
        self.browser.click("#views a", view);
        self.browser.until(
            view,
            &format!(
                "document.querySelector('#views [aria-current=page]')?.textContent === {}",
                json!(view)
            ),
        );
    }

    /// Uploads a package through the page.
    #[track_caller]
    pub fn install(&mut self, package: &Path) {
        self.browser.choose_file("form.install input[accept*=zip]", package);
        self.browser.click("form.install button", "Check and install");
    }

    /// Nothing but the station was asked, and nothing was complained about.
    #[track_caller]
    pub fn is_content(&mut self) {
        let page = format!("{}/", self.served.page);
        let happened = self.browser.happened();
        assert!(happened.requests.len() > 20, "{happened:#?}");
        let own = |address: &&String| {
            let address = address.strip_prefix("blob:").unwrap_or(address);
            address.starts_with(&page) || address.starts_with("data:")
        };
        let foreign: Vec<_> = happened.requests.iter().filter(|address| !own(address)).collect();
        assert!(foreign.is_empty(), "{foreign:#?}");
        assert!(happened.complaints.is_empty(), "{happened:#?}");
        assert!(happened.prompts.is_empty(), "{happened:#?}");
    }
}
