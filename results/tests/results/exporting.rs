//! Exports: what they look like, and that nobody waits for them.

use crate::sample::{self, START_MS, sample, wait};
use procvision_results::{
    Filter, Format, NewResult, Outcome, Phase, Picture, Results, ResultsError, RowId, StoredResult,
};
use serde_json::{Map, json};
use std::io::{self, Write};
use std::path::Path;

/// Results with everything that CSV finds hard.
fn awkward() -> Vec<NewResult> {
    let plain = NewResult {
        at_ms: START_MS,
        inspection: "i-1".to_owned(),
        request_id: "r-1".to_owned(),
        pid: "A01".to_owned(),
        algorithm: "edges".to_owned(),
        version: "1.0.0".to_owned(),
        digest: "sha256:00".to_owned(),
        line: None,
        step_index: 1,
        phase: Phase::Execute,
        outcome: Outcome::Ok,
        error_code: None,
        message: String::new(),
        ng_reason: None,
        defects: Vec::new(),
        picture: None,
        params: Map::new(),
        debug: Map::new(),
        attempts: 1,
        waited_us: 12,
        took_us: 3_456,
        context: Map::new(),
    };
    let object = |value: serde_json::Value| value.as_object().unwrap().clone();
    vec![
        NewResult {
            request_id: "r-1".to_owned(),
            ..plain.clone()
        },
        NewResult {
            request_id: "r-2".to_owned(),
            phase: Phase::PreExecute,
            line: Some("line \"1\", left".to_owned()),
            message: "too dark\r\ntry again\n".to_owned(),
            params: object(json!({"threshold": 0.1, "area": {"x": 1, "y": 2, "width": 3, "height": 4}})),
            context: object(json!({"operator": "=7"})),
            ..plain.clone()
        },
        NewResult {
            request_id: "r-3".to_owned(),
            outcome: Outcome::Ng,
            pid: "=cmd|' /C calc'!A0".to_owned(),
            line: Some("@SUM(1)".to_owned()),
            message: "-1+1".to_owned(),
            ng_reason: Some("+scratch".to_owned()),
            defects: vec![json!({"x": 1, "y": 2, "width": 3, "height": 4, "label": "Kratzer, tief", "score": 0.95})],
            picture: Some(Picture {
                source: "camera 1".to_owned(),
                width: 1_920,
                height: 1_080,
                format: "jpeg".to_owned(),
                ..Picture::default()
            }),
            ..plain.clone()
        },
        NewResult {
            request_id: "\tr-4".to_owned(),
            inspection: "\ri-4".to_owned(),
            algorithm: "\nedges".to_owned(),
            version: "＝1".to_owned(),
            outcome: Outcome::Failed,
            error_code: Some("1005".to_owned()),
            message: "検査 a=b - 'quoted'".to_owned(),
            attempts: 3,
            ..plain
        },
    ]
}

fn filled() -> (tempfile::TempDir, Results) {
    let (folder, results) = sample::empty();
    for (n, result) in awkward().into_iter().enumerate() {
        let thumbnail = (n == 2).then(|| b"jpeg".to_vec());
        wait(results.record(result, thumbnail)).unwrap();
    }
    (folder, results)
}

fn exported(results: &Results, filter: &Filter, format: Format) -> (u64, Vec<u8>) {
    let mut bytes = Vec::new();
    let count = results.export(filter, &mut bytes, format).unwrap();
    (count, bytes)
}

/// Compares with a file that people have read.
fn assert_golden(name: &str, bytes: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, bytes).unwrap();
    }
    let golden = std::fs::read(&path).unwrap();
    assert_eq!(String::from_utf8_lossy(bytes), String::from_utf8_lossy(&golden));
}

#[test]
fn csv_is_as_it_was_read() {
    let (_folder, results) = filled();
    let (count, bytes) = exported(&results, &Filter::default(), Format::Csv);
    assert_eq!(count, 4);
    assert_golden("export.csv", &bytes);
    let mut reader = csv::Reader::from_reader(&bytes[..]);
    assert_eq!(reader.headers().unwrap().len(), 24);
    for record in reader.records() {
        for cell in record.unwrap().iter() {
            assert!(
                !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝']),
                "{cell}"
            );
        }
    }
}

#[test]
fn json_is_as_it_was_read() {
    let (_folder, results) = filled();
    let (count, bytes) = exported(&results, &Filter::default(), Format::Json);
    assert_eq!(count, 4);
    assert_golden("export.json", &bytes);
    let all: Vec<StoredResult> = serde_json::from_slice(&bytes).unwrap();
    let expected: Vec<NewResult> = awkward().into_iter().rev().collect();
    assert_eq!(
        all.into_iter().map(|stored| stored.result).collect::<Vec<_>>(),
        expected
    );
}

#[test]
fn nothing_is_a_document_as_well() {
    let (_folder, results) = sample::empty();
    let (count, bytes) = exported(&results, &Filter::default(), Format::Json);
    assert_eq!(
        (count, serde_json::from_slice::<Vec<StoredResult>>(&bytes).unwrap()),
        (0, Vec::new())
    );
    let (count, bytes) = exported(&results, &Filter::default(), Format::Csv);
    assert_eq!(count, 0);
    assert!(bytes.starts_with(b"id,at_ms,inspection,") && bytes.ends_with(b",has_thumbnail\r\n"));
}

#[test]
fn exports_go_beyond_pages_and_mind_filters() {
    let (_folder, results) = sample::empty();
    sample::record_all(&results, (0..2_500).map(|n| sample(0, n)));
    let ids = |filter: &Filter| {
        let (count, bytes) = exported(&results, filter, Format::Json);
        let all: Vec<StoredResult> = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(all.len() as u64, count);
        all.into_iter().map(|stored| stored.id.0).collect::<Vec<_>>()
    };
    let mut filter = Filter::default();
    assert_eq!(ids(&filter), (1..=2_500).rev().collect::<Vec<_>>());
    filter.limit = Some(1_500);
    assert_eq!(ids(&filter), (1_001..=2_500).rev().collect::<Vec<_>>());
    filter.before = Some(RowId(1_201));
    assert_eq!(ids(&filter), (1..=1_200).rev().collect::<Vec<_>>());
    filter.pid = Some("A02".to_owned());
    assert_eq!(
        ids(&filter),
        (1..=1_200).rev().filter(|id| id % 3 == 2).collect::<Vec<_>>()
    );
    filter.limit = Some(0);
    let error = results.export(&filter, io::sink(), Format::Csv).unwrap_err();
    assert!(matches!(error, ResultsError::Invalid { key: "limit", .. }), "{error:?}");
}

/// Records a result whenever something is exported.
struct Recording<'a> {
    results: &'a Results,
    written: u64,
}

impl Write for Recording<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written += 1;
        wait(self.results.record(sample(1, self.written), None)).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// If an export kept a lock, or a connection, while it writes, this would wait forever.
#[test]
fn recording_and_reading_go_on_during_an_export() {
    let (_folder, path) = sample::file();
    let options = procvision_results::Options {
        retention: sample::ALL,
        readers: 1,
        ..Default::default()
    };
    let results = Results::open_with(&path, options).unwrap();
    sample::record_all(&results, (0..1_200).map(|n| sample(0, n)));
    let mut recording = Recording {
        results: &results,
        written: 0,
    };
    // What comes meanwhile is not exported.
    assert_eq!(
        results.export(&Filter::default(), &mut recording, Format::Csv).unwrap(),
        1_200
    );
    let written = recording.written;
    assert!(written > 50, "{written}");
    assert_eq!(sample::everything(&results).len() as u64, 1_200 + written);
}

struct Broken;

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_has_gone_is_told() {
    let (_folder, results) = filled();
    for format in [Format::Csv, Format::Json] {
        let error = results.export(&Filter::default(), Broken, format).unwrap_err();
        match error {
            ResultsError::Output(error) => assert_eq!(error.kind(), io::ErrorKind::BrokenPipe),
            other => panic!("{other:?}"),
        }
    }
}
