//! Whether the documents name only things that exist: files and headings behind relative links, and xtask's commands.
//!
//! Addresses on the web are not followed: the checks must give the same answer on a machine without a network.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::fs;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::cli::COMMANDS;

/// Directories that hold what was built, not what was written.
const BUILT: [&str; 2] = ["target", "demo-output"];

/// Something that a document names and that does not exist.
#[derive(Debug, PartialEq, Eq)]
pub struct Broken {
    document: PathBuf,
    line: usize,
    named: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {} does not exist",
            self.document.display(),
            self.line,
            self.named
        )
    }
}

/// Everything broken in the Markdown files under `root`, in order of document and line.
pub fn broken(root: &Path) -> Result<Vec<Broken>> {
    let mut documents = Vec::new();
    collect(root, &mut documents)?;
    documents.sort();
    let mut all = HashMap::new();
    for path in &documents {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        all.insert(path.clone(), Document::read(&text));
    }
    let mut broken = Vec::new();
    for path in &documents {
        for (line, name) in &all[path].names {
            if !exists(root, path, name, &all) {
                let document = path.strip_prefix(root).unwrap_or(path).to_owned();
                broken.push(Broken {
                    document,
                    line: *line,
                    named: name.to_string(),
                });
            }
        }
    }
    Ok(broken)
}

fn collect(dir: &Path, documents: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))? {
        let entry = entry.with_context(|| format!("cannot list {}", dir.display()))?;
        let (path, name) = (entry.path(), entry.file_name());
        let kind = entry
            .file_type()
            .with_context(|| format!("cannot look at {}", path.display()))?;
        let name = name.to_string_lossy();
        if kind.is_dir() && !name.starts_with('.') && !BUILT.contains(&name.as_ref()) {
            collect(&path, documents)?;
        } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "md") {
            documents.push(path);
        }
    }
    Ok(())
}

/// What a document names, and the anchors by which it can be named.
struct Document {
    names: Vec<(usize, Name)>,
    anchors: BTreeSet<String>,
}

enum Name {
    Link(String),
    Command(String),
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link(link) => f.write_str(link),
            Self::Command(word) => write!(f, "the command `cargo xtask {word}`"),
        }
    }
}

impl Document {
    fn read(text: &str) -> Self {
        let mut document = Self {
            names: Vec::new(),
            anchors: BTreeSet::new(),
        };
        let mut heading: Option<String> = None;
        let line = |range: &Range<usize>| text[..range.start].matches('\n').count() + 1;
        for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    document.names.push((line(&range), Name::Link(dest_url.into_string())));
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    let slug = slug(&heading.take().unwrap_or_default());
                    document.add_anchor(slug);
                }
                Event::Html(html) | Event::InlineHtml(html) => {
                    let links = ["src", "href"].into_iter().flat_map(|name| attributes(&html, name));
                    document
                        .names
                        .extend(links.map(|link| (line(&range), Name::Link(link))));
                    document
                        .anchors
                        .extend(["id", "name"].into_iter().flat_map(|name| attributes(&html, name)));
                }
                Event::Text(text) | Event::Code(text) => {
                    document
                        .names
                        .extend(commands(&text).map(|word| (line(&range), Name::Command(word))));
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                _ => {}
            }
        }
        document
    }

    /// A heading that occurs again gets a number, as code hosts number them.
    fn add_anchor(&mut self, slug: String) {
        let numbered = (1..).map(|number| format!("{slug}-{number}"));
        let free = std::iter::once(slug.clone())
            .chain(numbered)
            .find(|anchor| !self.anchors.contains(anchor));
        self.anchors.extend(free);
    }
}

/// The anchor of a heading: lower case, spaces to hyphens, punctuation dropped.
fn slug(heading: &str) -> String {
    let kept = heading
        .trim()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase)
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// The values of the attribute `name` in a piece of HTML.
fn attributes(html: &str, name: &str) -> Vec<String> {
    let opening = format!(" {name}=\"");
    html.split(&opening)
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
        .collect()
}

/// The words that follow `cargo xtask` in `text`.
fn commands(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split("cargo xtask ").skip(1).filter_map(|rest| {
        let word: String = rest.chars().take_while(char::is_ascii_lowercase).collect();
        (!word.is_empty()).then_some(word)
    })
}

fn exists(root: &Path, document: &Path, name: &Name, all: &HashMap<PathBuf, Document>) -> bool {
    let link = match name {
        Name::Command(word) => return COMMANDS.contains(&word.as_str()),
        Name::Link(link) => link,
    };
    if has_scheme(link) {
        return true;
    }
    let (file, anchor) = link
        .split_once('#')
        .map_or((link.as_str(), None), |(file, anchor)| (file, Some(anchor)));
    let target = if file.is_empty() {
        Some(document.to_owned())
    } else {
        resolve(root, document, &decoded(file))
    };
    match (target, anchor) {
        (None, _) => false,
        (Some(target), Some(anchor)) if !anchor.is_empty() && all.contains_key(&target) => {
            all[&target].anchors.contains(&decoded(anchor))
        }
        (Some(target), _) => target.exists(),
    }
}

/// `https:` and the like; a single letter would be a Windows drive.
fn has_scheme(link: &str) -> bool {
    link.split_once(':')
        .is_some_and(|(scheme, _)| scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_alphanumeric()))
}

/// The path a link means, or `None` if it leads out of the project. A leading slash means the project's root.
fn resolve(root: &Path, document: &Path, link: &str) -> Option<PathBuf> {
    let (mut path, link) = match link.strip_prefix('/') {
        Some(rest) => (root.to_owned(), rest),
        None => (document.parent()?.to_owned(), link),
    };
    for component in Path::new(link).components() {
        match component {
            Component::Normal(part) => path.push(part),
            Component::ParentDir => _ = path.pop(),
            _ => {}
        }
    }
    path.starts_with(root).then_some(path)
}

/// Percent escapes made plain; a malformed one stays as it is.
fn decoded(link: &str) -> String {
    let mut bytes = Vec::with_capacity(link.len());
    let mut rest = link.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escape = tail
            .get(..2)
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match escape {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| link.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is broken in `README.md` with this text, beside `docs/limits.md` and a picture.
    fn broken_in(readme: &str) -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        for dir in ["docs", "target/doc", ".git"] {
            fs::create_dir_all(root.path().join(dir)).unwrap();
        }
        let limits = "# Limits\n## Time & `fuel`\n## Same\n## Same\n<a id=\"here\"></a>\n[up](../README.md)\n";
        fs::write(root.path().join("docs/limits.md"), limits).unwrap();
        fs::write(root.path().join("docs/a picture.png"), "").unwrap();
        for built in ["target/doc/x.md", ".git/x.md"] {
            fs::write(root.path().join(built), "[x](nowhere)").unwrap();
        }
        fs::write(root.path().join("README.md"), readme).unwrap();
        broken(root.path()).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_exists_is_not_reported() {
        let readme = "# Title\n[a](docs/limits.md) [b](docs) [c](/docs/limits.md) [d](docs/../docs/limits.md) \
             [e](https://example.org/nowhere) [f](mailto:a@example.org) [g](#title) ![h](docs/a%20picture.png)\n\
             [i](docs/limits.md#time--fuel) [j](docs/limits.md#same-1) [k](docs/limits.md#here) [l][ref]\n\n\
             <img src=\"docs/a picture.png\" alt=\"\">\n\n[ref]: docs/limits.md\n\n`cargo xtask demo --out x`\n";
        assert_eq!(broken_in(readme), [""; 0]);
    }

    #[test]
    fn what_does_not_exist_is_reported_with_its_line() {
        let cases = [
            ("[a](docs/limit.md)", "docs/limit.md"),
            ("![a](picture.png)", "picture.png"),
            ("[a](../outside.md)", "../outside.md"),
            ("[a](docs/limits.md#space)", "docs/limits.md#space"),
            ("[a](docs/limits.md#same-2)", "docs/limits.md#same-2"),
            ("[a](#title)", "#title"),
            ("[a][ref]\n\n[ref]: gone.md", "gone.md"),
            ("<img src=\"gone.png\">", "gone.png"),
            ("<p><a href=\"gone\">x</a></p>", "gone"),
            ("| a |\n| --- |\n| [a](gone) |", "gone"),
            ("`cargo xtask dmeo`", "the command `cargo xtask dmeo`"),
            ("```sh\ncargo xtask tset\n```", "the command `cargo xtask tset`"),
        ];
        for (readme, named) in cases {
            let found = broken_in(&format!("\n{readme}\n"));
            assert_eq!(found.len(), 1, "{readme}: {found:?}");
            assert!(found[0].starts_with("README.md:"), "{found:?}");
            assert!(found[0].ends_with(&format!(": {named} does not exist")), "{found:?}");
        }
        assert_eq!(broken_in("one\n\n[a](gone)\n"), ["README.md:3: gone does not exist"]);
    }

    #[test]
    fn links_in_code_are_text() {
        assert_eq!(broken_in("`[a](gone)`\n\n```\n[a](gone)\n```\n"), [""; 0]);
    }
}
