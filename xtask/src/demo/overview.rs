//! The overview page: every case with its verdict first, its picture, and the way to its report.

use std::fmt::Write;

use super::reports::Judged;
use crate::style;

const HEAD: &str = include_str!("overview.html");

/// The page. It links to the reports and pictures beside it and to nothing else.
pub fn page(judged: &[Judged]) -> String {
    let differing = judged.iter().filter(|one| !one.differences.is_empty()).count();
    let (class, sentence) = match differing {
        0 => ("good", format!("All {} verdicts are as expected", judged.len())),
        _ => (
            "bad",
            format!("{differing} of {} cases are not as expected", judged.len()),
        ),
    };
    let cards: String = judged.iter().map(card).collect();
    HEAD.replace("{{class}}", class)
        .replace("{{sentence}}", &sentence)
        .replace("{{cards}}", &cards)
}

fn card(one: &Judged) -> String {
    let link = escaped(&one.files.link);
    let class = match one.verdict() {
        "OK" => "ok",
        "NG" => "ng",
        _ => "none",
    };
    let mut card = format!(
        "<article>\n<h2><span class=\"verdict {class}\">{}</span> {}</h2>\n",
        escaped(one.verdict()),
        escaped(&one.case.name),
    );
    // Writing to a String cannot fail.
    if one.files.picture.is_file() {
        let label = escaped(&format!("{}, annotated", one.case.name));
        _ = writeln!(
            card,
            "<a href=\"{link}.png\"><img loading=\"lazy\" src=\"{link}.png\" alt=\"{label}\"></a>"
        );
    } else {
        card.push_str("<p class=\"absent\">no annotated picture</p>\n");
    }
    if let Some(reason) = one
        .answer
        .as_ref()
        .ok()
        .map(|answer| &answer.ng_reason)
        .filter(|reason| !reason.is_empty())
    {
        _ = writeln!(card, "<p>{}</p>", escaped(reason));
    }
    for difference in &one.differences {
        _ = writeln!(card, "<p class=\"differs\">{}</p>", escaped(difference));
    }
    let (package, expected, time) = (escaped(&one.package), one.case.expected(), style::duration(one.time));
    _ = writeln!(card, "<p class=\"facts\">{package} · expected {expected} · {time}</p>");
    let files = [
        (&one.files.report, "html", "Report"),
        (&one.files.picture, "png", "Picture"),
    ];
    let links = files.into_iter().filter(|(path, _, _)| path.is_file());
    let links: String = links
        .map(|(_, kind, name)| format!("<a href=\"{link}.{kind}\">{name}</a> "))
        .collect();
    _ = writeln!(
        card,
        "<p class=\"links\">{links}<a href=\"{link}.json\">JSON</a></p>\n</article>"
    );
    card
}

/// Text as it may stand in HTML, inside attributes too.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::answer::Answer;
    use super::super::output::Output;
    use super::*;

    #[test]
    fn the_page_puts_the_verdict_first_and_escapes_what_the_algorithm_says() {
        let dir = tempfile::tempdir().unwrap();
        let files = Output::prepare(dir.path()).unwrap().case_files("look", "a<b").unwrap();
        std::fs::write(&files.picture, "").unwrap();
        let case = r#"{"name": "a<b", "pid": "A01", "image": "a.png", "verdict": "OK"}"#;
        let answer = br#"{"verdict": "NG", "outcome": "ng", "execute": {"data": {"ng_reason": "<script>"}}}"#;
        let page = page(&[Judged {
            package: "look".to_owned(),
            case: serde_json::from_str(case).unwrap(),
            answer: Ok(Answer::from_json(answer).unwrap()),
            differences: vec!["it is \"different\"".to_owned()],
            time: Duration::from_millis(12),
            files,
        }]);
        assert!(page.contains("1 of 1 cases are not as expected"), "{page}");
        assert!(
            page.contains(r#"<h2><span class="verdict ng">NG</span> a&lt;b</h2>"#),
            "{page}"
        );
        assert!(
            page.contains("<p>&lt;script&gt;</p>") && !page.contains("<script"),
            "{page}"
        );
        assert!(page.contains("it is &quot;different&quot;"), "{page}");
        assert!(page.contains(r#"src="cases/look/a-b.png""#), "{page}");
        assert!(!page.contains("{{"), "{page}");
        assert!(
            !page.contains("a-b.html"),
            "a report that was not written is not linked: {page}"
        );
    }
}
