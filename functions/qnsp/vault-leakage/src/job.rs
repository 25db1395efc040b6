//! One step of a scan: so many requests to its hosts, and one batch with what was found and how far it has come.

use crypto::seal::DataKey;
use model::qnsp::vault::leakage::{LeakageSkipped, LeakageTarget};
use platform::{Row, Statement};
use qnsp::{Caller, Settings, conflict, secrets};
use service::{Anonymous, Error, Guard, Result};
use zeroize::Zeroizing;

use crate::{
    compared::Compared,
    file::Searches,
    findings::{self, Finding},
    hosts::{Budget, Entry, Failure, Host, Page},
    rules::Rules,
    scan_store,
    work::{Item, Listing, MOST_PAUSES, Work},
};

/// A step ends when it has found so much: all of it is one batch.
const MOST_FINDINGS: usize = 200;

/// How often the same step is begun. What does not end is left out then.
const MOST_TRIES: i64 = 3;

/// How many parts of a scan are listed as left out.
const MOST_SKIPPED: usize = 1_000;

struct Step<'a> {
    caller: &'a Caller,
    rules: &'a Rules,
    searches: Searches<'a>,
    work: Work,
    budget: Budget,
    findings: Vec<Finding>,
    skipped: Vec<LeakageSkipped>,
    files_known: i64,
    files_done: i64,
    repositories_read: i64,
}

/// Carries a scan that was claimed one step further.
pub(crate) async fn step(caller: &Caller, row: &Row, claim: &str, data_key: &DataKey) -> Result<()> {
    let rules = Rules::read(&row.get::<String>("rules")?)?;
    let compared = Compared::load(caller, data_key).await?;
    let mut step = Step {
        caller,
        rules: &rules,
        searches: Searches { rules: &rules, compared, data_key },
        work: scan_store::json(row, "work")?,
        budget: Budget::new(),
        findings: Vec::new(),
        skipped: scan_store::json(row, "skipped")?,
        files_known: row.get("files_known")?,
        files_done: row.get("files_done")?,
        repositories_read: row.get("repositories_read")?,
    };
    step.leave_out(row.get("tries")?);
    step.go_on().await?;
    step.store(&row.get::<String>("id")?, claim, data_key).await
}

impl Step<'_> {
    async fn go_on(&mut self) -> Result<()> {
        if self.rules.are_too_large {
            for target in self.rules.targets.clone() {
                self.skip(target, None, "the patterns of the policies are too large together");
            }
            self.work.give_up();
        }
        if !self.work.is_planned {
            let targets = self.work.targets.clone().unwrap_or_else(|| self.rules.targets.clone());
            for target in self.work.plan(&targets) {
                self.skip(target, None, "no adapter");
            }
        }
        while !self.work.is_done() && self.budget.is_left() && self.findings.len() < MOST_FINDINGS {
            let before = self.budget.paused_until;
            match self.work.current.take() {
                Some(listing) => self.look_at(listing).await?,
                None => self.take_next().await?,
            }
            if before.is_none() && self.budget.paused_until.is_some() {
                self.work.pauses += 1;
            }
        }
        Ok(())
    }

    async fn host(&self, target: LeakageTarget) -> Result<std::result::Result<Host<'_>, &'static str>> {
        let source = self.rules.source(target);
        let token = match &source.token_secret_id {
            None => None,
            Some(secret) => match self.token(secret).await? {
                Some(token) => Some(token),
                None => return Ok(Err("the token's secret has no active version")),
            },
        };
        let allowed = &Settings::of(&self.caller.app)?.outbound_hosts;
        Ok(Ok(Host::new(target, source.base_url.as_deref(), token, allowed)))
    }

    /// The active version of a secret.
    async fn token(&self, secret: &str) -> Result<Option<Zeroizing<String>>> {
        let select = Statement::new(
            "SELECT v.id, v.sealed_value FROM qnsp_secrets s JOIN qnsp_secret_versions v ON v.tenant_id = s.tenant_id \
             AND v.secret_id = s.id AND v.version = s.active_version WHERE s.tenant_id = ?1 AND s.id = ?2",
        );
        let tenant = self.caller.tenant();
        let rows = self.caller.app.query(select.bind(tenant).bind(secret)).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let (id, sealed): (String, Vec<u8>) = (row.get("id")?, row.get("sealed_value")?);
        let value = secrets::open(self.searches.data_key, tenant, secret, &id, &sealed)?;
        Ok(String::from_utf8(value.to_vec()).ok().map(Zeroizing::new))
    }

    /// Takes an organization or a repository from the queue.
    async fn take_next(&mut self) -> Result<()> {
        let Some(item) = self.work.queue.pop_front() else { return Ok(()) };
        let (Item::Organization { target, path, .. } | Item::Repository { target, path }) = &item;
        let (target, path) = (*target, path.clone());
        let mut budget = std::mem::replace(&mut self.budget, Budget::new());
        let asked = match self.host(target).await? {
            Err(reason) => Err(Failure::Skipped(reason.to_owned())),
            Ok(host) => match &item {
                Item::Organization { page, .. } => {
                    host.repositories(&path, page.as_deref(), &mut budget).await.map(Found::Repositories)
                }
                Item::Repository { .. } => host.repository(&path, &mut budget).await.map(Found::Repository),
            },
        };
        self.budget = budget;
        match asked {
            Ok(Found::Repositories(Page { items, next })) => {
                let has_room = items.into_iter().all(|found| self.work.add_repository(target, found));
                if !has_room {
                    self.skip(target, Some(path), "has more repositories than a scan looks at");
                } else if next.is_some() {
                    self.work.queue.push_front(Item::Organization { target, path, page: next });
                }
            }
            Ok(Found::Repository(found)) => {
                self.work.current = Some(Listing {
                    target,
                    repository: path,
                    link: found.link,
                    branch: found.branch,
                    page: found.page,
                    file: 0,
                    is_first: true,
                    is_counted: false,
                });
            }
            Err(Failure::Paused) if self.work.pauses < MOST_PAUSES => self.work.queue.push_front(item),
            Err(Failure::Paused) => self.skip(target, Some(path), "the host limits requests"),
            Err(Failure::Skipped(reason)) => self.skip(target, Some(path), &reason),
        }
        Ok(())
    }

    /// Goes through a page of the files of a repository, as far as the budget goes.
    async fn look_at(&mut self, mut listing: Listing) -> Result<()> {
        let mut budget = std::mem::replace(&mut self.budget, Budget::new());
        let looked = match self.host(listing.target).await? {
            Err(reason) => Err(Failure::Skipped(reason.to_owned())),
            Ok(host) => look_at_page(&host, &self.searches, &mut listing, &mut budget).await,
        };
        self.budget = budget;
        let (looked, failure) = match looked {
            Ok((looked, failure)) => (looked, failure),
            Err(failure) => (Looked::default(), Some(failure)),
        };
        self.files_known += looked.known;
        self.files_done += looked.done;
        self.repositories_read += i64::from(looked.is_first_page);
        self.findings.extend(looked.findings);
        let (target, repository) = (listing.target, listing.repository.clone());
        if looked.is_truncated {
            self.skip(target, Some(repository.clone()), "has more files than the host lists");
        }
        match (failure, looked.next) {
            (Some(Failure::Paused), _) if self.work.pauses >= MOST_PAUSES => {
                self.skip(target, Some(repository), "the host limits requests");
            }
            (Some(Failure::Skipped(reason)), _) => self.skip(target, Some(repository), &reason),
            (None, Next::Page(page)) => {
                self.work.current = Some(Listing { page, file: 0, is_counted: false, ..listing });
            }
            (None, Next::Nothing) => {}
            (Some(Failure::Paused), _) | (None, Next::SamePage) => self.work.current = Some(listing),
        }
        Ok(())
    }

    /// Leaves out what steps before have begun and not ended.
    fn leave_out(&mut self, tries: i64) {
        const REASON: &str = "could not be looked at";
        if tries <= MOST_TRIES {
            return;
        }
        match self.work.current.take() {
            // A file first, and then all of them.
            Some(listing) if tries <= 2 * MOST_TRIES => {
                self.work.current = Some(Listing { file: listing.file + 1, ..listing });
            }
            Some(listing) => self.skip(listing.target, Some(listing.repository), REASON),
            None => match self.work.queue.pop_front() {
                Some(Item::Organization { target, path, .. } | Item::Repository { target, path }) => {
                    self.skip(target, Some(path), REASON);
                }
                None => {}
            },
        }
    }

    fn skip(&mut self, target: LeakageTarget, repository: Option<String>, reason: &str) {
        if self.skipped.len() < MOST_SKIPPED {
            self.skipped.push(LeakageSkipped { target, repository, reason: reason.to_owned() });
        }
    }

    async fn store(self, id: &str, claim: &str, data_key: &DataKey) -> Result<()> {
        let caller = self.caller;
        let findings = findings::new_ones(caller, self.findings).await?;
        let is_done = self.work.is_done();
        let (status, reason) = match (is_done, self.repositories_read) {
            (false, _) => ("running", None),
            (true, 0) => ("failed", Some("no repository could be read")),
            (true, _) => ("completed", None),
        };
        let count = i64::try_from(findings.len()).unwrap_or(i64::MAX);
        let mut batch = Anonymous::background(&caller.app).batch();
        let is_ours = "EXISTS (SELECT 1 FROM qnsp_leakage_scans WHERE tenant_id = ?1 AND id = ?2 AND claim = ?3)";
        let is_ours = Guard::new(is_ours, conflict("Another call has taken the step"));
        batch.require(is_ours.bind(caller.tenant()).bind(id).bind(claim));
        if !findings.is_empty() {
            findings::record(caller, &mut batch, data_key, &findings, self.rules.action)?;
        }
        let update = Statement::new(
            "UPDATE qnsp_leakage_scans SET status = ?3, reason = ?4, work = ?5, files_known = ?6, files_done = ?7, \
             repositories_read = ?8, findings = findings + ?9, skipped = ?10, paused_until = ?11, completed_at = ?12, \
             tries = 0, claimed_until = 0 WHERE tenant_id = ?1 AND id = ?2",
        );
        let json = |text: serde_json::Result<String>| text.map_err(|_| Error::internal("a step that is not JSON"));
        let update = update
            .bind(caller.tenant())
            .bind(id)
            .bind(status)
            .bind(reason.map(str::to_owned))
            .bind(json(serde_json::to_string(&self.work))?)
            .bind(self.files_known)
            .bind(self.files_done)
            .bind(self.repositories_read)
            .bind(count)
            .bind(json(serde_json::to_string(&self.skipped))?)
            .bind(self.budget.paused_until.filter(|_| !is_done).unwrap_or(0))
            .bind(is_done.then_some(caller.now));
        batch.push(update);
        batch.write().await?;
        findings::remove_users(caller, &findings, self.rules.action);
        Ok(())
    }
}

enum Found {
    Repositories(Page<String>),
    Repository(crate::hosts::Repository),
}

/// Where a repository goes on.
#[derive(Default)]
enum Next {
    #[default]
    SamePage,
    Page(String),
    Nothing,
}

/// What came of a page of files.
#[derive(Default)]
struct Looked {
    known: i64,
    done: i64,
    is_first_page: bool,
    is_truncated: bool,
    findings: Vec<Finding>,
    next: Next,
}

/// A failure besides what was looked at: a host may ask to be left alone among its files.
async fn look_at_page(
    host: &Host<'_>,
    searches: &Searches<'_>,
    listing: &mut Listing,
    budget: &mut Budget,
) -> std::result::Result<(Looked, Option<Failure>), Failure> {
    let (Page { items, next }, page, is_truncated) = host.files(&listing.repository, &listing.page, budget).await?;
    let mut looked = Looked::default();
    if !listing.is_counted {
        looked.known = i64::try_from(items.len()).unwrap_or(i64::MAX);
        looked.is_first_page = listing.is_first;
        looked.is_truncated = is_truncated;
        (listing.is_counted, listing.is_first, listing.page) = (true, false, page);
    }
    while let Some(entry) = items.get(listing.file) {
        if !budget.is_left() || looked.findings.len() >= MOST_FINDINGS {
            return Ok((looked, None));
        }
        match host.content(&listing.repository, &listing.branch, entry, budget).await {
            Ok(content) => looked.findings.extend(look_at(searches, listing, entry, &content)),
            Err(Failure::Paused) => return Ok((looked, Some(Failure::Paused))),
            // It may be gone, or be longer than what is looked at.
            Err(Failure::Skipped(_)) => {}
        }
        listing.file += 1;
        looked.done += 1;
    }
    looked.next = next.map_or(Next::Nothing, Next::Page);
    Ok((looked, None))
}

fn look_at(searches: &Searches<'_>, listing: &Listing, entry: &Entry, content: &[u8]) -> Vec<Finding> {
    searches.look_at(listing, &entry.path, content)
}
