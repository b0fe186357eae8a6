//! What is installed, what judges, and changing it.

use super::auth::Caller;
use super::error::ApiError;
use super::input::{self, Body, Multipart, Path, Query, cut};
use crate::operations::{Actor, OperationError, ToolError, ToolOutput, Which};
use crate::seat::{Judge, Seat};
use crate::station::Station;
use axum::extract::State;
use axum::extract::multipart::Field;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use procvision_host::store::{Release, VersionState};
use serde::Deserialize;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::UNIX_EPOCH;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

/// The most bytes of a package that is sent.
const MOST_PACKAGE_BYTES: u64 = 1 << 30;
/// What the page of an audit may do: it has its style within it, and nothing else.
const AUDIT_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'none'";
/// The most bytes of a signature that is sent.
const MOST_SIGNATURE_BYTES: u64 = 64 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    state: Option<String>,
    name: Option<String>,
}

/// What is installed.
pub(super) async fn list(
    State(station): State<Arc<Station>>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    let known = |name: &String| VersionState::ALL.into_iter().find(|state| state.as_str() == name);
    let state = match &query.state {
        None => None,
        Some(name) => Some(known(name).ok_or_else(|| ApiError::bad("`state` is no state of an algorithm"))?),
    };
    let listing = station.listing().await?;
    let wanted = listing.versions.iter().filter(|version| {
        state.is_none_or(|state| version.state == state)
            && query.name.as_ref().is_none_or(|name| version.release.name == *name)
    });
    let algorithms = wanted.map(|version| {
        json!({
            "name": version.release.name,
            "version": version.release.version.to_string(),
            "digest": version.digest,
            "description": version.description,
            "state": version.state,
            "supported_pids": version.supported_pids,
            "pids": version.pids,
            "installed": version.installed,
            "bytes": version.bytes,
            "in_use": version.in_use,
        })
    });
    Ok(Json(json!({"algorithms": algorithms.collect::<Vec<_>>()})))
}

/// What judges which product model, and how it is.
pub(super) async fn active(State(station): State<Arc<Station>>) -> Result<Json<Value>, ApiError> {
    let listing = station.listing().await?;
    let active = station.seats().all();
    let active = active.iter().map(|seat| {
        let binding = listing.active.iter().find(|active| active.pid == seat.pid);
        let previous = binding.map(|binding| binding.previous.iter().map(release_json).collect::<Vec<_>>());
        let mut answer = seat_json(seat);
        answer["previous"] = previous.unwrap_or_default().into();
        answer
    });
    Ok(Json(json!({"active": active.collect::<Vec<_>>()})))
}

fn release_json(release: &Release) -> Value {
    json!({"name": release.name, "version": release.version.to_string()})
}

fn seat_json(seat: &Seat) -> Value {
    let workers = seat.statuses().into_iter().map(|(worker, status)| {
        let since = status.since.duration_since(UNIX_EPOCH).unwrap_or_default();
        json!({
            "id": worker.id().to_string(),
            "process": status.process,
            "state": status.state.as_str(),
            "since_ms": u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            "restarts": status.restarts,
            "last_failure": status.last_failure.map(|failure| failure.to_string()),
        })
    });
    let workers: Vec<Value> = workers.collect();
    let (waiting, bound) = seat.queue();
    let (kind, name, version, digest) = match &seat.judge {
        Judge::Release { release, digest } => (
            "package",
            Some(release.name.clone()),
            Some(release.version.to_string()),
            Some(digest.clone()),
        ),
        Judge::Command => ("command", None, None, None),
    };
    json!({
        "pid": seat.pid, "kind": kind, "name": name, "version": version, "digest": digest,
        "since_ms": seat.since_ms, "state": seat.state().as_str(), "workers": workers,
        "queue": {"waiting": waiting, "bound": bound},
    })
}

/// A version, as a body names it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Give {
    name: String,
    version: semver::Version,
    #[serde(default)]
    pids: Vec<String>,
}

impl Give {
    /// The version, and the product models.
    fn checked(self) -> Result<(Release, Vec<String>), ApiError> {
        let release = Release {
            name: input::name(self.name)?,
            version: self.version,
        };
        let pids = self.pids.into_iter().map(input::pid).collect::<Result<_, _>>()?;
        Ok((release, pids))
    }
}

/// Lets a version judge what nothing judges.
pub(super) async fn activate(
    State(station): State<Arc<Station>>,
    Extension(caller): Extension<Caller>,
    Body(give): Body<Give>,
) -> Result<Json<Value>, ApiError> {
    let (release, pids) = give.checked()?;
    if pids.is_empty() {
        return Err(ApiError::bad("`pids` is missing").help("name the product models that it is to judge"));
    }
    let by = by(caller);
    change(&station, async move |station| {
        station.activate(&release, &pids, &by).await
    })
    .await
}

/// Lets a version judge what others judge.
pub(super) async fn switch(
    State(station): State<Arc<Station>>,
    Extension(caller): Extension<Caller>,
    Body(give): Body<Give>,
) -> Result<Json<Value>, ApiError> {
    let (release, pids) = give.checked()?;
    let by = by(caller);
    change(&station, async move |station| {
        station.switch(&release, &pids, &by).await
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Back {
    pid: Option<String>,
    name: Option<String>,
}

/// Gives product models back what they had.
pub(super) async fn roll_back(
    State(station): State<Arc<Station>>,
    Extension(caller): Extension<Caller>,
    Body(back): Body<Back>,
) -> Result<Json<Value>, ApiError> {
    let which = match (back.pid, back.name) {
        (Some(pid), None) => Which::Pid(input::pid(pid)?),
        (None, Some(name)) => Which::Name(input::name(name)?),
        _ => return Err(ApiError::bad("give either `pid` or `name`")),
    };
    let by = by(caller);
    change(&station, async move |station| station.roll_back(&which, &by).await).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OnePid {
    pid: String,
}

/// Leaves a product model without an algorithm.
pub(super) async fn deactivate(
    State(station): State<Arc<Station>>,
    Extension(caller): Extension<Caller>,
    Body(one): Body<OnePid>,
) -> Result<Json<Value>, ApiError> {
    let (pid, by) = (input::pid(one.pid)?, by(caller));
    change(&station, async move |station| station.deactivate(&pid, &by).await).await
}

/// Has the processes of a product model start again.
pub(super) async fn start(
    State(station): State<Arc<Station>>,
    Body(one): Body<OnePid>,
) -> Result<Json<Value>, ApiError> {
    let seat = seat(&station, &one.pid)?;
    seat.revive();
    Ok(Json(seat_json(&seat)))
}

/// Has the processes of a product model end.
pub(super) async fn stop(
    State(station): State<Arc<Station>>,
    Body(one): Body<OnePid>,
) -> Result<Json<Value>, ApiError> {
    let seat = seat(&station, &one.pid)?;
    seat.stop().await;
    Ok(Json(seat_json(&seat)))
}

fn seat(station: &Station, pid: &str) -> Result<Arc<Seat>, ApiError> {
    let seat = station.seats().get(pid);
    seat.ok_or_else(|| ApiError::not_there("nothing judges this product model"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UninstallQuery {
    #[serde(default)]
    force: bool,
}

/// Removes a version.
pub(super) async fn uninstall(
    State(station): State<Arc<Station>>,
    Extension(caller): Extension<Caller>,
    Path((name, version)): Path<(String, String)>,
    Query(query): Query<UninstallQuery>,
) -> Result<Json<Value>, ApiError> {
    let release = release(name, &version)?;
    let (force, by) = (query.force, by(caller));
    change(&station, async move |station| {
        station.uninstall(&release, force, &by).await
    })
    .await
}

fn release(name: String, version: &str) -> Result<Release, ApiError> {
    let name = input::name(name)?;
    let version = version.parse();
    let version = version.map_err(|error| ApiError::bad(format!("the version cannot be used: {error}")))?;
    Ok(Release { name, version })
}

/// Takes a package, checks it and puts it into the store.
pub(super) async fn install(
    State(station): State<Arc<Station>>,
    Extension(caller): Extension<Caller>,
    parts: Multipart,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let sent = Sent::receive(parts).await?;
    let by = by(caller);
    // What was sent goes when it is done, and not when whoever sent it does.
    let answer = change(&station, async move |station| station.install(&sent.zip(), &by).await).await?;
    Ok((StatusCode::CREATED, answer))
}

/// Takes a package and checks it.
pub(super) async fn validate(State(station): State<Arc<Station>>, parts: Multipart) -> Result<Json<Value>, ApiError> {
    let sent = Sent::receive(parts).await?;
    let mut arguments: Vec<OsString> = vec!["validate".into(), sent.zip().into()];
    let policy = station.store().join("policy.json");
    if policy.exists() {
        arguments.extend(["--policy".into(), policy.into()]);
    }
    let output = examined(&station, arguments).await?;
    let answer = output.any_json()?;
    match answer.get("error") {
        Some(_) => Err(output.json().map(|_| ()).expect_err("it has an error").into()),
        // A package that is not good is an answer all the same.
        None => Ok(Json(answer)),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditQuery {
    format: Option<String>,
}

/// What a package is and may do: the page of `procvision inspect`, or its JSON.
pub(super) async fn audit(
    State(station): State<Arc<Station>>,
    Path((name, version)): Path<(String, String)>,
    Query(query): Query<AuditQuery>,
) -> Result<Response, ApiError> {
    let release = release(name, &version)?;
    let as_json = match query.format.as_deref() {
        Some("json") => true,
        None | Some("html") => false,
        Some(_) => return Err(ApiError::bad("`format` must be html or json")),
    };
    let listing = station.listing().await?;
    if !listing.versions.iter().any(|version| version.release == release) {
        return Err(ApiError::not_there("this version is not installed"));
    }
    let zip = format!("{}-v{}-offline.zip", release.name, release.version);
    let zip = station.store().join("zips").join(zip);
    let folder = own_folder()?;
    let page = folder.path().join("audit.html");
    let mut arguments: Vec<OsString> = vec!["inspect".into(), zip.into(), "--report".into(), page.clone().into()];
    let policy = station.store().join("policy.json");
    if policy.exists() {
        arguments.extend(["--policy".into(), policy.into()]);
    }
    let output = examined(&station, arguments).await?;
    // A package of which the policy thinks badly has a page all the same.
    let page = match as_json {
        true => return Ok(Json(output.json()?).into_response()),
        false => tokio::fs::read(page).await,
    };
    let page = match page {
        Ok(page) => page,
        Err(error) => {
            output.json()?;
            return Err(unavailable(&error));
        }
    };
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, AUDIT_POLICY),
    ];
    Ok((headers, page).into_response())
}

/// Changes what judges, to its end, whether or not whoever asked for it still listens.
async fn change<W>(station: &Arc<Station>, work: impl FnOnce(Arc<Station>) -> W) -> Result<Json<Value>, ApiError>
where
    W: Future<Output = Result<Value, OperationError>> + Send + 'static,
{
    let place = station.changes.clone().try_acquire_owned();
    let place = place.map_err(|_| ApiError::full("too many changes wait for each other already"))?;
    let work = work(station.clone());
    let changed = station.begin_task(async move {
        let changed = work.await;
        drop(place);
        changed
    });
    Ok(Json(changed.await??))
}

/// Has the program's own command examine a package. Whoever does not wait for it has it end.
async fn examined(station: &Station, arguments: Vec<OsString>) -> Result<ToolOutput, ToolError> {
    // It is never closed.
    let _place = station.audits.acquire().await;
    station.tool(arguments).await
}

fn by(caller: Caller) -> Actor {
    caller.name
}

fn unavailable(error: &std::io::Error) -> ApiError {
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "unavailable", error.to_string())
}

/// A package that was sent, in a folder of its own.
struct Sent {
    folder: TempDir,
}

impl Sent {
    fn zip(&self) -> std::path::PathBuf {
        self.folder.path().join("package.zip")
    }

    /// Writes what is sent to disk, as it comes.
    async fn receive(mut parts: Multipart) -> Result<Self, ApiError> {
        let sent = Self { folder: own_folder()? };
        let mut has_package = false;
        while let Some(part) = parts.next().await? {
            match part.name() {
                Some("package") => {
                    keep(part, &sent.zip(), MOST_PACKAGE_BYTES).await?;
                    has_package = true;
                }
                Some("signature") => {
                    keep(
                        part,
                        &sent.folder.path().join("package.zip.minisig"),
                        MOST_SIGNATURE_BYTES,
                    )
                    .await?;
                }
                _ => return Err(ApiError::bad("the parts are `package` and `signature`")),
            }
        }
        match has_package {
            true => Ok(sent),
            false => Err(ApiError::bad("the part `package` is missing")),
        }
    }
}

async fn keep(mut part: Field<'_>, path: &std::path::Path, most: u64) -> Result<(), ApiError> {
    let mut file = tokio::fs::File::create(path)
        .await
        .map_err(|error| unavailable(&error))?;
    let mut bytes = 0_u64;
    while let Some(chunk) = part.chunk().await.map_err(cut)? {
        bytes = bytes.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if bytes > most {
            let message = format!("this part may have at most {most} bytes");
            return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", message));
        }
        file.write_all(&chunk).await.map_err(|error| unavailable(&error))?;
    }
    file.flush().await.map_err(|error| unavailable(&error))
}

/// A folder for what somebody has sent or asks for, closed to other users.
fn own_folder() -> Result<TempDir, ApiError> {
    let folder = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o700))
        .tempdir();
    folder.map_err(|error| unavailable(&error))
}
