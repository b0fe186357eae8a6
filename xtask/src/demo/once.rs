//! The short form's station: every case of every example is published and judged once, and what is judged is compared
//! with what the cases expect.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use procvision_conformance::station::Client;
use serde_json::{Value, json};

use super::answer::Answer;
use super::case::Case;
use super::example::Example;
use super::overview::escaped;
use super::reports::Table;
use super::stage::Stage;
use super::{Built, shown};
use crate::style;
use crate::workspace::Workspace;

const HEAD: &str = include_str!("station.html");
/// The pools in which pictures are shown.
const CAMERA: &str = "camera";
const GUIDE: &str = "guide";

/// One case after the station has judged it.
struct Judged<'a> {
    package: &'a str,
    case: &'a Case,
    answer: Result<Answer, String>,
    /// What the algorithm has to say about it.
    said: String,
    /// What differs from the expectation, in words.
    differences: Vec<String>,
    /// From publishing the picture to the verdict.
    time: Duration,
    /// The results by their numbers.
    results: Vec<u64>,
    /// The small picture of the last result, from the page.
    picture: Option<String>,
}

impl Judged<'_> {
    fn verdict(&self) -> &str {
        self.answer.as_ref().map_or("none", Answer::shown)
    }
}

/// Judges all of them and leaves results and a page; whether everything is as expected.
pub fn run(workspace: &Workspace, built: &Built) -> Result<bool> {
    let pids: Vec<Vec<&str>> = built.examples.iter().map(Example::pids).collect();
    let station = json!({ "name": "demonstration", "results": { "thumbnails": "all" } });
    let mut stage = Stage::set(workspace, built, &pids, &station)?;
    stage.ready(|| false)?;
    let mut table = Table::begin(&built.examples);
    let mut judged = Vec::new();
    for example in &built.examples {
        for case in example.cases() {
            let one = judge(&stage, built, example, case)?;
            table.row(
                one.package,
                one.case,
                one.verdict(),
                one.time,
                !one.differences.is_empty(),
            );
            judged.push(one);
        }
    }
    let [csv, json] = stage.end()?;
    let page = built.output.write_station_page(&page(&judged))?;
    println!();
    for one in judged.iter().filter(|one| !one.differences.is_empty()) {
        println!("{} {}: {}", one.package, one.case.name, one.differences.join("; "));
    }
    println!("What the station has judged:");
    for path in [&page, &csv, &json] {
        println!("  {}", shown(path));
    }
    let differing = judged.iter().filter(|one| !one.differences.is_empty()).count();
    let (sentence, colour) = match differing {
        0 => (
            format!("All {} verdicts of the station are as expected.", judged.len()),
            style::GREEN,
        ),
        _ => (
            format!(
                "{differing} of {} verdicts of the station are not as expected.",
                judged.len()
            ),
            style::RED,
        ),
    };
    println!("{}", style::out(&sentence, colour));
    Ok(differing == 0)
}

fn judge<'a>(stage: &Stage, built: &Built, example: &'a Example, case: &'a Case) -> Result<Judged<'a>> {
    let begun = Instant::now();
    let said = ask(stage, example, case);
    let time = begun.elapsed();
    let (answer, results) = match said {
        Ok(said) => {
            let answer =
                Answer::of_station(&said).map_err(|error| format!("the station's answer is not understood: {error:#}"));
            (answer, said["results"].as_array().cloned().unwrap_or_default())
        }
        Err(error) => (Err(format!("{error:#}")), Vec::new()),
    };
    let differences = match &answer {
        Ok(answer) => case.differences(answer),
        Err(reason) => vec![reason.clone()],
    };
    let last = results.iter().rev().find(|result| result["has_thumbnail"] == true);
    let picture = match last.and_then(|result| result["id"].as_u64()) {
        Some(id) => {
            let bytes = stage.client().file(&format!("/results/{id}/thumbnail"));
            let bytes = bytes.with_context(|| format!("the station has no picture of the result {id}"))?;
            Some(built.output.write_station_picture(id, &bytes)?)
        }
        None => None,
    };
    let texts = ["ng_reason", "message"].map(|key| results.last().and_then(|result| result[key].as_str()));
    let said = texts.into_iter().flatten().find(|text| !text.is_empty());
    Ok(Judged {
        package: example.name(),
        case,
        answer,
        said: said.unwrap_or_default().to_owned(),
        differences,
        time,
        results: results.iter().filter_map(|result| result["id"].as_u64()).collect(),
        picture,
    })
}

/// Publishes the case's pictures and has the station judge them: what it answers.
fn ask(stage: &Stage, example: &Example, case: &Case) -> Result<Value> {
    let picture = stage.show(CAMERA, &example.folder().join(case.image()))?;
    let guide = match case.guide()? {
        Some(guide) => Some(stage.show(GUIDE, &example.folder().join(guide))?),
        None => None,
    };
    let client = stage.client();
    let context = json!({ "case": case.name });
    let begun = expect(
        client,
        "/inspections",
        &json!({ "pid": case.pid(), "context": context }),
        201,
    )?;
    let inspection = format!(
        "/inspections/{}",
        begun["id"].as_str().context("the inspection has no name")?
    );
    let step = case.step_request(&picture, guide.as_deref());
    let said = expect(client, &format!("{inspection}/steps"), &step, 200)?;
    expect(client, &format!("{inspection}/end"), &json!({}), 200)?;
    Ok(said)
}

fn expect(client: &Client, path: &str, body: &Value, status: u16) -> Result<Value> {
    let answer = client.post(path, body).context("the station does not answer")?;
    if answer.status != status {
        anyhow::bail!("the station answers {} with {}: {}", path, answer.status, answer.body);
    }
    Ok(answer.body)
}

/// The page; it links to the pictures and files beside it and to nothing else.
fn page(judged: &[Judged<'_>]) -> String {
    let differing = judged.iter().filter(|one| !one.differences.is_empty()).count();
    let (class, sentence) = match differing {
        0 => (
            "good",
            format!("All {} verdicts of the station are as expected", judged.len()),
        ),
        _ => (
            "bad",
            format!(
                "{differing} of {} verdicts of the station are not as expected",
                judged.len()
            ),
        ),
    };
    let mut rows = String::new();
    for one in judged {
        let class = match one.verdict() {
            "OK" => "ok",
            "NG" => "ng",
            _ => "none",
        };
        let picture = match &one.picture {
            Some(link) => format!(
                "<img loading=\"lazy\" src=\"{link}\" alt=\"{}\">",
                escaped(&one.case.name)
            ),
            None => String::new(),
        };
        let (mark, said) = match one.differences.is_empty() {
            true => ("", one.said.clone()),
            false => (" class=\"differs\"", one.differences.join("; ")),
        };
        let results: Vec<String> = one.results.iter().map(u64::to_string).collect();
        // Writing to a String cannot fail.
        _ = writeln!(
            rows,
            "<tr{mark}><td>{picture}</td><td><span class=\"verdict {class}\">{}</span></td>\
             <td class=\"short\">{}</td><td>{}</td><td>{}<small>{}</small></td><td>{}</td>\
             <td class=\"short\">{}</td><td class=\"short\">{}</td></tr>",
            escaped(one.verdict()),
            one.case.expected(),
            escaped(one.case.pid()),
            escaped(&one.case.name),
            escaped(one.package),
            escaped(&said),
            style::duration(one.time),
            results.join(", "),
        );
    }
    HEAD.replace("{{class}}", class)
        .replace("{{sentence}}", &sentence)
        .replace("{{rows}}", &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_escapes_what_the_algorithm_says_and_marks_what_differs() {
        let case: Case =
            serde_json::from_str(r#"{"name": "a<b", "pid": "A01", "image": "a.png", "verdict": "OK"}"#).unwrap();
        let said = json!({ "verdict": "NG", "results": [
            { "id": 4, "phase": "execute", "outcome": "NG", "ng_reason": "<script>", "defects": [] }] });
        let answer = Answer::of_station(&said).unwrap();
        let page = page(&[Judged {
            package: "look",
            case: &case,
            differences: case.differences(&answer),
            said: answer.ng_reason.clone(),
            answer: Ok(answer),
            time: Duration::from_millis(12),
            results: vec![3, 4],
            picture: Some("pictures/4.jpg".to_owned()),
        }]);
        assert!(
            page.contains("1 of 1 verdicts of the station are not as expected"),
            "{page}"
        );
        assert!(page.contains("a&lt;b") && !page.contains("<script"), "{page}");
        assert!(
            page.contains("class=\"differs\"") && page.contains("src=\"pictures/4.jpg\""),
            "{page}"
        );
        assert!(page.contains(">3, 4</td>") && !page.contains("{{"), "{page}");
    }
}
