//! What a reviewer should know about one package by itself: which facts are points, and what they mean.

use super::component::{Anatomy, ImportFacts};
use super::content::ContentKind;
use super::dependencies::Dependencies;
use super::point::{Point, Severity, counted};
use super::strings::{FindingKind, Findings};
use super::subject::{FileFacts, Form, Role, Subject};
use super::{Judged, Station};
use crate::contract::ImportClass;
use crate::limits::{Limits, Unit};
use crate::report::amount;

/// Bytes of a custom section from which on a reviewer hears of it.
const LARGE_SECTION: u64 = 64 << 10;
/// Custom sections that toolchains leave behind; they are described elsewhere, or mean nothing.
const KNOWN_SECTIONS: &[&str] = &[
    "name",
    "component-name",
    "producers",
    "target_features",
    ".dep-v0",
    "package-docs",
];

/// Every point about a package by itself, besides what the station objects to.
pub(super) fn points(
    subject: &Subject,
    anatomy: &Anatomy,
    dependencies: &Dependencies,
    strings: &Findings,
    judged: &Judged,
    station: &Station,
) -> Vec<Point> {
    let mut points = Vec::new();
    imports(&mut points, anatomy);
    start(&mut points, anatomy, judged);
    limits(&mut points, anatomy, judged, station);
    files(&mut points, subject, anatomy);
    texts(&mut points, strings);
    sections(&mut points, anatomy);
    dependencies.points(&mut points, subject, strings);
    if subject.form == Form::Component {
        points.push(Point::new(
            Severity::Note,
            "no_manifest",
            "There is no manifest",
            "the file",
            "A bare component says nothing about its name, version, product models and limits before it runs. Stations \
             install packages; inspect the package.",
        ));
    }
    points
}

fn imports(points: &mut Vec<Point>, anatomy: &Anatomy) {
    let closed = |import: &&ImportFacts| import.class == ImportClass::Closed && import.stand_in && import.is_linked();
    let asked: Vec<&ImportFacts> = anatomy.imports.iter().filter(closed).collect();
    if !asked.is_empty() {
        let point = Point::new(
            Severity::Look,
            "closed_imports",
            format!(
                "Its code can call {} that a station keeps closed: file system or network",
                counted(asked.len() as u64, "interface", "interfaces")
            ),
            "component: imports",
            "Every operation answers with an error; no file and no connection can be reached. But nothing about a picture \
             needs them: ask the author what for. Guests made from Python or JavaScript always have them, those made from \
             Rust only if their code mentions files or sockets.",
        );
        points.push(point.with(asked.iter().map(|import| functions(import))));
    }
}

/// `wasi:sockets/tcp@0.2.0: tcp-socket.start-connect and 26 more functions`
pub(super) fn functions(import: &ImportFacts) -> String {
    /// Functions that are named.
    const NAMED: usize = 3;
    let linked = import
        .linked()
        .map(|name| name.strip_prefix("[method]").unwrap_or(name));
    let named: Vec<&str> = linked.take(NAMED).collect();
    let more = import.linked().count() as u64 - named.len() as u64;
    match (named.is_empty(), more) {
        (true, _) if import.passed_on => format!("{}: handed on to a component inside", import.name),
        (true, _) => format!("{}: no function reaches its code", import.name),
        (false, 0) => format!("{}: {}", import.name, named.join(", ")),
        (false, more) => format!(
            "{}: {} and {}",
            import.name,
            named.join(", "),
            counted(more, "more function", "more functions")
        ),
    }
}

fn start(points: &mut Vec<Point>, anatomy: &Anatomy, judged: &Judged) {
    let started = anatomy.modules.iter().filter(|module| module.start_function);
    let started: Vec<String> = started.map(|module| format!("module {}", module.index)).collect();
    if !started.is_empty() {
        let limits = &judged.limits.limits;
        let point = Point::new(
            Severity::Note,
            "start_function",
            "Code of it runs as soon as it is started, before any call",
            "component: start sections",
            format!(
                "It has the sandbox around it like every call, within `info_fuel` ({}) and `info_deadline_ms` ({}).",
                amount(Unit::Fuel, limits.info_fuel),
                amount(Unit::Milliseconds, limits.info_deadline_ms)
            ),
        );
        points.push(point.with(started));
    }
}

fn limits(points: &mut Vec<Point>, anatomy: &Anatomy, judged: &Judged, station: &Station) {
    let defaults = Limits::default();
    let raised = defaults.describe().into_iter().filter_map(|default| {
        let asked = *judged.asked.get(default.name)?;
        let ceiling = station.ceiling().get(default.name)?;
        let shown = |value| amount(default.unit, value);
        (asked > default.value).then(|| {
            format!(
                "{}: {} instead of {} (ceiling {})",
                default.name,
                shown(asked),
                shown(default.value),
                shown(ceiling)
            )
        })
    });
    let raised: Vec<String> = raised.collect();
    if !raised.is_empty() {
        // Somebody who wrote down ceilings has decided about them.
        let decided = station.policy_file().is_some();
        let point = Point::new(
            if decided { Severity::Note } else { Severity::Look },
            "limits_raised",
            format!(
                "It asks for more than usual of {}",
                counted(raised.len() as u64, "limit", "limits")
            ),
            "manifest.json: limits",
            "What it gets ends at the ceiling. Ask why it needs that much, and lower the ceiling in the policy if the \
             station cannot spare it.",
        );
        points.push(point.with(raised));
    }
    let limits = &judged.limits.limits;
    let mut beyond = Vec::new();
    let mut compare = |what: &str, found: u64, limit: &str, unit: Unit| {
        if let Some(value) = limits.get(limit).filter(|value| found > *value) {
            beyond.push(format!(
                "{what}: {}, but `{limit}` is {}",
                amount(unit, found),
                amount(unit, value)
            ));
        }
    };
    let memory = anatomy.memories().map(|memory| memory.initial_bytes).max().unwrap_or(0);
    compare("memory at the start", memory, "memory_bytes", Unit::Bytes);
    let elements = anatomy
        .tables()
        .fold(0_u64, |sum, table| sum.saturating_add(table.initial));
    compare("table elements at the start", elements, "table_elements", Unit::Count);
    compare("tables", anatomy.tables().count() as u64, "tables", Unit::Count);
    compare(
        "core instances",
        anatomy.core_instances.into(),
        "core_instances",
        Unit::Count,
    );
    if !beyond.is_empty() {
        let point = Point::new(
            Severity::Refused,
            "cannot_start",
            "It cannot be started within the limits that hold for it",
            "component: memories, tables, instances",
            "Starting it would fail. It must ask for more in its manifest, or the station's ceiling is too low for it.",
        );
        points.push(point.with(beyond));
    }
    let most = anatomy.memories().filter_map(|memory| memory.maximum_bytes).max();
    if let (Some(asked), Some(most)) = (judged.asked.get("memory_bytes"), most)
        && *asked > most
    {
        points.push(Point::new(
            Severity::Note,
            "memory_never_used",
            format!(
                "It asks for {} of memory, but its own memory ends at {}",
                amount(Unit::Bytes, *asked),
                amount(Unit::Bytes, most)
            ),
            "manifest.json: limits.memory_bytes; component: memories",
            "The manifest claims more than the component can use.",
        ));
    }
}

fn files(points: &mut Vec<Point>, subject: &Subject, anatomy: &Anatomy) {
    let described = |file: &FileFacts| format!("{}: {}", file.name, file.kind.as_str());
    let data = || {
        subject
            .files
            .iter()
            .filter(|file| matches!(file.role, Role::Asset | Role::Case))
    };
    let programs: Vec<String> = data().filter(|file| file.kind.can_be_run()).map(described).collect();
    if !programs.is_empty() {
        let point = Point::new(
            Severity::Look,
            "program_in_package",
            format!(
                "{} something that could be run or unpacked outside the sandbox",
                match programs.len() {
                    1 => "1 file is".to_owned(),
                    count => format!("{count} files are"),
                }
            ),
            "files",
            "The host never runs or unpacks files of a package, and the algorithm can only read them as bytes. Somebody \
             who opens the package by hand might. An inspection has no use for programs: ask what they are for.",
        );
        points.push(point.with(programs));
    }
    let lying: Vec<String> = data()
        .filter(|file| file.kind.contradicts(&file.name))
        .map(|file| format!("{}: its content is {}", file.name, file.kind.as_str()))
        .collect();
    if !lying.is_empty() {
        let point = Point::new(
            Severity::Look,
            "misnamed_file",
            format!(
                "{} not what the name says",
                match lying.len() {
                    1 => "The content of 1 file is".to_owned(),
                    count => format!("The contents of {count} files are"),
                }
            ),
            "files",
            "A slip, or something that should not be noticed.",
        );
        points.push(point.with(lying));
    }
    let assets: Vec<&FileFacts> = subject.files.iter().filter(|file| file.role == Role::Asset).collect();
    let reads = anatomy.imports_interface("procvision:algorithm/assets");
    if !assets.is_empty() && !reads {
        points.push(Point::new(
            Severity::Note,
            "assets_out_of_reach",
            format!(
                "It ships {} that it cannot read",
                counted(assets.len() as u64, "asset", "assets")
            ),
            "component: imports; files",
            "The component does not import `procvision:algorithm/assets`.",
        ));
    }
    if let Some(manifest) = &subject.manifest
        && reads
    {
        let required = |name: &str| {
            manifest
                .required_assets
                .values()
                .any(|kinds| kinds.values().any(|path| path == name))
        };
        let unnamed = assets
            .iter()
            .filter(|file| !required(&file.name))
            .map(|file| described(file));
        let unnamed: Vec<String> = unnamed.collect();
        if !unnamed.is_empty() {
            let point = Point::new(
                Severity::Note,
                "assets_not_required",
                format!(
                    "{} named for no product model",
                    match unnamed.len() {
                        1 => "1 asset is".to_owned(),
                        count => format!("{count} assets are"),
                    }
                ),
                "manifest.json: required_assets",
                "The algorithm can read them all the same.",
            );
            points.push(point.with(unnamed));
        }
    }
}

fn texts(points: &mut Vec<Point>, strings: &Findings) {
    const UNREACHABLE: &str = "The algorithm can reach none of it: there is no network, no file system and no shell. Text \
                               like this tells what an author had in mind or which library came along. Ask what it is for.";
    type Group = (&'static str, &'static [FindingKind], &'static str, &'static str);
    let groups: [Group; 5] = [
        (
            "commands",
            &[FindingKind::Command],
            "Text in it looks like commands for a shell",
            UNREACHABLE,
        ),
        (
            "hidden_program",
            &[FindingKind::Program],
            "Its data contains the beginning of another program",
            "Nothing in the sandbox can run it, and the host never does. Programs travel inside data to be taken out \
             elsewhere, or because a library embeds one: ask what it is for.",
        ),
        (
            "addresses",
            &[
                FindingKind::Url,
                FindingKind::Address,
                FindingKind::Email,
                FindingKind::Host,
            ],
            "Text in it names machines or people elsewhere",
            UNREACHABLE,
        ),
        (
            "system_paths",
            &[FindingKind::SystemPath],
            "Text in it names files of a computer",
            UNREACHABLE,
        ),
        (
            "encoded_text",
            &[FindingKind::Encoded],
            "Long encoded blocks are in it",
            "Base64 or hexadecimal of this length is a key, a picture, or something that should not be read at once. Ask \
             what it is, and decode it.",
        ),
    ];
    for (id, kinds, title, meaning) in groups {
        let found = strings.list.iter().filter(|finding| kinds.contains(&finding.kind));
        let found = found.map(|finding| format!("{} ({} at byte {})", finding.text, finding.place, finding.offset));
        let more = kinds.iter().filter_map(|kind| strings.more.get(kind)).sum();
        let point = Point::new(Severity::Look, id, title, "initial memory, assets, manifest", meaning);
        let point = point.with(found).and_more(more);
        if !point.evidence.is_empty() {
            points.push(point);
        }
    }
}

fn sections(points: &mut Vec<Point>, anatomy: &Anatomy) {
    let all = anatomy
        .modules
        .iter()
        .flat_map(|module| &module.sections)
        .chain(&anatomy.sections);
    let shown = |name: &str, bytes| format!("{name}: {}", amount(Unit::Bytes, bytes));
    let (mut debug, mut foreign) = (0_u64, Vec::new());
    for section in all {
        if section.name.starts_with(".debug_") {
            debug = debug.saturating_add(section.bytes);
        } else if section.bytes >= LARGE_SECTION
            && !KNOWN_SECTIONS.contains(&section.name.as_str())
            && !section.name.starts_with("component-type")
        {
            foreign.push(shown(&section.name, section.bytes));
        }
    }
    if debug > 0 {
        points.push(Point::new(
            Severity::Note,
            "debug_information",
            format!("It carries {} of debug information", amount(Unit::Bytes, debug)),
            "component: custom sections",
            "The engine does not read it at a station. Packages are usually shipped without.",
        ));
    }
    if !foreign.is_empty() {
        let point = Point::new(
            Severity::Note,
            "foreign_sections",
            "It carries large custom sections of its own",
            "component: custom sections",
            "The engine does not read them and the algorithm cannot.",
        );
        points.push(point.with(foreign));
    }
}

/// The kinds of content that a package has, each with the number of its files.
pub(super) fn kinds(subject: &Subject) -> Vec<(ContentKind, u64, u64)> {
    let mut kinds: Vec<(ContentKind, u64, u64)> = Vec::new();
    for file in subject.files.iter().filter(|file| file.role == Role::Asset) {
        match kinds.iter_mut().find(|(kind, ..)| *kind == file.kind) {
            Some((_, count, bytes)) => {
                *count += 1;
                *bytes = bytes.saturating_add(file.bytes);
            }
            None => kinds.push((file.kind, 1, file.bytes)),
        }
    }
    kinds.sort_unstable();
    kinds
}
