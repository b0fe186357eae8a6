//! The inspection for terminals: the verdict, the points, then the facts in short. The page and the JSON have the rest.

use anstyle::{AnsiColor, Style};
use procvision_host::contract::ImportClass;
use procvision_host::inspection::Inspection;
use procvision_host::inspection::component::{Anatomy, ImportFacts};
use procvision_host::inspection::difference::Difference;
use procvision_host::inspection::point::{Point, Severity, Verdict};
use procvision_host::inspection::strings::FindingKind;
use procvision_host::limits::{Limits, Unit};
use procvision_host::report::amount;
use procvision_host::visible;
use std::fmt::Write;
use std::path::Path;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();

/// Lines of evidence of one point, and imports and changes, that are shown.
const EVIDENCE: usize = 6;
const IMPORTS: usize = 40;
const CHANGES: usize = 12;
/// Letters of one line of evidence.
const LINE: usize = 140;
/// Findings of one kind that are shown.
const FINDINGS: usize = 4;

/// Everything, without the last line end. Writing to a string cannot fail, which is why results are dropped.
pub(super) fn of(inspection: &Inspection, report: Option<&Path>) -> String {
    let mut text = String::new();
    let (style, word) = match inspection.verdict() {
        Verdict::Clear => (GREEN, "CLEAR"),
        Verdict::Look => (YELLOW, "LOOK"),
        Verdict::Refused => (RED, "REFUSED"),
    };
    let _ = writeln!(text, "{style}{word}{style:#}  {}", inspection.headline());
    for (severity, style, mark) in [
        (Severity::Refused, RED, "refused"),
        (Severity::Look, YELLOW, "look"),
        (Severity::Note, DIM, "note"),
    ] {
        let of_this = inspection.points.iter().filter(|point| point.severity == severity);
        let mut points = of_this.peekable();
        while let Some(point) = points.next() {
            // Of several with the same meaning the last one says it.
            let again = points
                .peek()
                .is_some_and(|next| next.id == point.id && next.meaning == point.meaning);
            self::point(&mut text, point, style, mark, again);
        }
    }
    identity(&mut text, inspection);
    imports(&mut text, &inspection.anatomy);
    limits(&mut text, inspection);
    contents(&mut text, inspection);
    strings(&mut text, inspection);
    if let Some(difference) = &inspection.difference {
        changes(&mut text, difference);
    }
    match report {
        Some(report) => {
            let _ = write!(text, "\nreport written to {}", report.display());
        }
        None => {
            text.truncate(text.trim_end().len());
        }
    }
    text
}

fn point(text: &mut String, point: &Point, style: Style, mark: &str, again: bool) {
    let code = point.code.as_ref().filter(|_| point.severity == Severity::Refused);
    let code = code.map_or(String::new(), |code| format!(" ({code})"));
    let _ = writeln!(
        text,
        "\n{style}{mark:<7}{style:#}  {}{code}",
        visible::line(&point.title)
    );
    for line in point.evidence.iter().take(EVIDENCE) {
        let line = visible::line(line);
        let (shown, cut) = match line.char_indices().nth(LINE) {
            Some((end, _)) => (&line[..end], "…"),
            None => (&*line, ""),
        };
        let _ = writeln!(text, "           {shown}{cut}");
    }
    let hidden = point.evidence.len().saturating_sub(EVIDENCE) as u64 + point.more;
    if hidden > 0 {
        let _ = writeln!(text, "           {DIM}and {hidden} more{DIM:#}");
    }
    if again {
        return;
    }
    if !point.meaning.is_empty() && point.severity != Severity::Note {
        let _ = writeln!(text, "         {DIM}{}{DIM:#}", visible::line(&point.meaning));
    }
    let _ = writeln!(text, "         {DIM}from {}{DIM:#}", visible::line(&point.source));
}

fn heading(text: &mut String, title: &str) {
    let _ = writeln!(text, "\n{BOLD}{title}{BOLD:#}");
}

fn row(text: &mut String, label: &str, value: &str) {
    let _ = writeln!(text, "  {label:<11} {}", visible::line(value));
}

fn identity(text: &mut String, inspection: &Inspection) {
    heading(text, "Package");
    let subject = &inspection.subject;
    if let Some(manifest) = &subject.manifest {
        row(text, "name", &format!("{} {}", manifest.name, manifest.version));
        row(text, "for", &manifest.supported_pids.join(", "));
    }
    if let Some(digest) = &subject.digest {
        row(text, "digest", digest);
    }
    row(
        text,
        "component",
        &format!(
            "{}, {}",
            amount(Unit::Bytes, subject.component_bytes),
            subject.component_sha256
        ),
    );
    let anatomy = &inspection.anatomy;
    row(
        text,
        "inside",
        &format!(
            "{} functions in {}, {} of code, {} of initial memory",
            amount(Unit::Count, anatomy.functions),
            match anatomy.modules.len() as u64 + anatomy.more_modules {
                1 => "1 core module".to_owned(),
                count => format!("{count} core modules"),
            },
            amount(Unit::Bytes, anatomy.code_bytes),
            amount(Unit::Bytes, anatomy.data_bytes)
        ),
    );
    for memory in anatomy.memories() {
        let most = memory.maximum_bytes.map(|bytes| amount(Unit::Bytes, bytes));
        let most = most.unwrap_or_else(|| "the limit".to_owned());
        row(
            text,
            "memory",
            &format!("{} to {most}", amount(Unit::Bytes, memory.initial_bytes)),
        );
    }
    if let Some(damage) = &anatomy.damage {
        row(text, "damaged", damage);
    }
    row(text, "signature", &inspection.judged.signature.to_string());
}

fn imports(text: &mut String, anatomy: &Anatomy) {
    if anatomy.imports.is_empty() {
        return;
    }
    heading(text, "Imports");
    // What wants attention comes first.
    let mut imports: Vec<&ImportFacts> = anatomy.imports.iter().collect();
    imports.sort_by_key(|import| std::cmp::Reverse(import.class));
    for import in imports.iter().take(IMPORTS) {
        let (style, word) = match import.class {
            ImportClass::Granted => (GREEN, "granted"),
            ImportClass::Closed => (DIM, "closed"),
            ImportClass::Refused => (RED, "refused"),
        };
        let linked = import.linked().count();
        let used = match (linked, import.passed_on) {
            (_, true) => "handed on as a whole".to_owned(),
            (0, false) => "no function used".to_owned(),
            (1, false) => "1 function".to_owned(),
            (linked, false) => format!("{linked} functions"),
        };
        let why = import
            .reason
            .as_ref()
            .map_or(String::new(), |why| format!(" {}", visible::line(why)));
        let name = visible::ascii(&import.name);
        let _ = writeln!(text, "  {style}{word:<7}{style:#}  {name}{why}  {DIM}{used}{DIM:#}");
    }
    let hidden = anatomy.imports.len().saturating_sub(IMPORTS) as u64 + anatomy.more_imports;
    if hidden > 0 {
        let _ = writeln!(text, "  {DIM}and {hidden} more{DIM:#}");
    }
}

fn limits(text: &mut String, inspection: &Inspection) {
    let judged = &inspection.judged;
    let defaults = Limits::default();
    let unusual: Vec<_> = judged
        .limits_with_ceilings()
        .filter(|(limit, _)| judged.asked.contains_key(limit.name) || defaults.get(limit.name) != Some(limit.value))
        .collect();
    heading(text, "Limits");
    if unusual.is_empty() {
        let _ = writeln!(text, "  the usual ones");
    }
    for (limit, ceiling) in unusual {
        let shown = |value| amount(limit.unit, value);
        let asked = judged
            .asked
            .get(limit.name)
            .map_or(String::new(), |asked| format!("asked {}, ", shown(*asked)));
        let usual = defaults
            .get(limit.name)
            .map_or(String::new(), |usual| format!("usual {}, ", shown(usual)));
        let _ = writeln!(
            text,
            "  {:<24} {:>16}  {DIM}{asked}{usual}ceiling {}{DIM:#}",
            limit.name,
            shown(limit.value),
            shown(ceiling.value)
        );
    }
}

fn contents(text: &mut String, inspection: &Inspection) {
    heading(text, "Contents");
    let kinds = inspection.asset_kinds();
    let kinds: Vec<String> = kinds
        .iter()
        .map(|(kind, count, bytes)| format!("{count} {} ({})", kind.as_str(), amount(Unit::Bytes, *bytes)))
        .collect();
    row(
        text,
        "assets",
        &match kinds.is_empty() {
            true => "none".to_owned(),
            false => kinds.join(", "),
        },
    );
    let dependencies = &inspection.dependencies;
    let made_of = match (&dependencies.sbom, &dependencies.embedded) {
        (Some(bill), None) if bill.parts.is_empty() => "its SBOM lists no parts".to_owned(),
        (Some(bill), Some(_)) if dependencies.disagreements.is_empty() => {
            format!(
                "{} parts, as the data inside the component says too",
                bill.parts.len() as u64 + bill.more
            )
        }
        (Some(bill), _) => format!("{} parts", bill.parts.len() as u64 + bill.more),
        (None, Some(embedded)) => format!("{} parts, by the data inside the component", embedded.len()),
        (None, None) => "it does not say".to_owned(),
    };
    row(text, "made of", &made_of);
    let producers = inspection.anatomy.producers.iter().map(|producer| {
        let (name, version) = (visible::ascii(&producer.name), visible::ascii(&producer.version));
        format!("{name} {version}").trim_end().to_owned()
    });
    let producers: Vec<String> = producers.collect();
    if !producers.is_empty() {
        row(text, "made with", &producers.join(", "));
    }
}

fn strings(text: &mut String, inspection: &Inspection) {
    let findings = &inspection.strings;
    let mut kinds: Vec<FindingKind> = findings.list.iter().map(|finding| finding.kind).collect();
    kinds.dedup();
    if kinds.is_empty() {
        return;
    }
    heading(text, "Text that tells something");
    for kind in kinds {
        let count = findings.count(kind);
        let _ = writeln!(text, "  {count} {}", kind.as_str());
        // What needs no answer is only counted.
        let shown = if kind.wants_an_answer() { FINDINGS } else { 0 };
        for finding in findings.of(kind).take(shown) {
            let _ = writeln!(
                text,
                "      {}  {DIM}{}, byte {}{DIM:#}",
                visible::ascii(&finding.text),
                visible::line(&finding.place),
                finding.offset
            );
        }
        if shown > 0 && count > shown as u64 {
            let _ = writeln!(text, "      {DIM}and {} more{DIM:#}", count - shown as u64);
        }
    }
}

fn changes(text: &mut String, difference: &Difference) {
    let old = &difference.old;
    let title = match (&old.name, &old.version) {
        (Some(name), Some(version)) => format!("Changes since {name} {version}"),
        _ => format!("Changes since {}", old.path.display()),
    };
    heading(text, &visible::line(&title));
    let mut lines = Vec::new();
    for (what, change) in [
        ("import", &difference.imports),
        ("function", &difference.functions),
        ("export", &difference.exports),
        ("product model", &difference.pids),
        ("asset", &difference.assets),
        ("golden case", &difference.cases),
        ("part", &difference.parts),
    ] {
        lines.extend(change.added.iter().map(|name| ("+", what, name.clone())));
        lines.extend(change.removed.iter().map(|name| ("-", what, name.clone())));
    }
    for change in &difference.limits {
        let shown = |value| amount(change.unit, value);
        lines.push((
            "~",
            "limit",
            format!("{}: {} to {}", change.name, shown(change.old), shown(change.new)),
        ));
    }
    let assets = difference.assets_changed.iter().map(|file| ("asset", file));
    let cases = difference.cases_changed.iter().map(|file| ("golden case", file));
    for (what, file) in assets.chain(cases) {
        let shown = |value| amount(Unit::Bytes, value);
        lines.push((
            "~",
            what,
            format!("{}: {} to {}", file.name, shown(file.bytes.old), shown(file.bytes.new)),
        ));
    }
    for part in &difference.parts_updated {
        lines.push((
            "~",
            "part",
            format!("{}: {} to {}", part.name, part.versions.old, part.versions.new),
        ));
    }
    if let Some(signer) = &difference.signer {
        lines.push(("~", "signer", format!("{} to {}", signer.old, signer.new)));
    }
    if !difference.same_component {
        let size = difference.sizes.get("component").map(|size| (size.old, size.new));
        let shown = |value| amount(Unit::Bytes, value);
        let sizes = match size {
            Some((Some(before), Some(now))) if before != now => format!("{} to {}", shown(before), shown(now)),
            _ => "of the same size".to_owned(),
        };
        let digest = &old.component_sha256;
        lines.push((
            "~",
            "component",
            format!("another one, {sizes}; before: SHA-256 {digest}"),
        ));
    }
    if lines.is_empty() {
        let _ = writeln!(text, "  nothing of what is compared");
    }
    for (sign, what, line) in lines.iter().take(CHANGES) {
        let _ = writeln!(text, "  {sign} {what:<13}  {}", visible::line(line));
    }
    if lines.len() > CHANGES {
        let _ = writeln!(text, "  {DIM}and {} more{DIM:#}", lines.len() - CHANGES);
    }
}
