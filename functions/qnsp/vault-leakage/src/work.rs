//! What a scan has still to look at, as it is kept between its steps.

use std::collections::VecDeque;

use model::qnsp::vault::leakage::LeakageTarget;
use serde::{Deserialize, Serialize};

/// How many repositories a scan looks at.
pub(crate) const MOST_REPOSITORIES: usize = 5_000;

/// How often hosts may ask a scan to wait.
pub(crate) const MOST_PAUSES: u32 = 100;

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Work {
    /// What was asked for: all targets of the rules, if none.
    pub targets: Option<Vec<LeakageTarget>>,
    pub repositories: Vec<String>,
    pub organizations: Vec<String>,
    /// The first step has filled what follows.
    #[serde(default)]
    pub is_planned: bool,
    #[serde(default)]
    pub queue: VecDeque<Item>,
    #[serde(default)]
    pub current: Option<Listing>,
    #[serde(default)]
    pub pauses: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Item {
    /// A page of the repositories of an organization; its first, if none is named.
    Organization {
        target: LeakageTarget,
        path: String,
        page: Option<String>,
    },
    Repository {
        target: LeakageTarget,
        path: String,
    },
}

/// A repository whose files are looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listing {
    pub target: LeakageTarget,
    pub repository: String,
    /// Where people see its files, with a slash at the end.
    pub link: String,
    pub branch: String,
    /// Where this page of its files is listed.
    pub page: String,
    /// The next file of the page.
    pub file: usize,
    /// Whether this is its first page, which was not read yet.
    pub is_first: bool,
    /// Whether the files of the page were added to those that are known.
    pub is_counted: bool,
}

impl Work {
    pub(crate) fn is_done(&self) -> bool {
        self.is_planned && self.current.is_none() && self.queue.is_empty()
    }

    /// Leaves out all that there still is.
    pub(crate) fn give_up(&mut self) {
        self.is_planned = true;
        self.current = None;
        self.queue.clear();
    }

    /// Fills the queue. Gives the targets for which there is no adapter.
    pub(crate) fn plan(&mut self, targets: &[LeakageTarget]) -> Vec<LeakageTarget> {
        let is_served = |target: &&LeakageTarget| matches!(target, LeakageTarget::Github | LeakageTarget::Gitlab);
        let (served, others): (Vec<&LeakageTarget>, Vec<_>) = targets.iter().partition(is_served);
        for target in served {
            // Their repositories are known before the first is looked at, so that each is looked at once.
            let organizations = self.organizations.iter().cloned();
            let pages = organizations.map(|path| Item::Organization { target: *target, path, page: None });
            self.queue.extend(pages);
            for path in self.repositories.clone() {
                self.add_repository(*target, path);
            }
        }
        self.is_planned = true;
        others.into_iter().copied().collect()
    }

    /// Adds a repository that is not waiting already. `false` when there are too many.
    pub(crate) fn add_repository(&mut self, target: LeakageTarget, path: String) -> bool {
        let repository = Item::Repository { target, path };
        if self.queue.contains(&repository) {
            return true;
        }
        let has_room = self.queue.len() < MOST_REPOSITORIES;
        if has_room {
            self.queue.push_back(repository);
        }
        has_room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_has_each_repository_and_organization_of_each_target_that_is_served() {
        use LeakageTarget::{Github, Gitlab, Pastebin};
        let (repositories, organizations) = (vec!["a/b".to_owned(), "a/b".to_owned()], vec!["o".to_owned()]);
        let mut work = Work { repositories, organizations, ..Work::default() };
        assert!(!work.is_done());
        assert_eq!(work.plan(&[Github, Pastebin, Gitlab]), [Pastebin]);
        let of = |target| {
            [
                Item::Organization { target, path: "o".to_owned(), page: None },
                Item::Repository { target, path: "a/b".to_owned() },
            ]
        };
        assert!(work.queue.iter().eq([of(Github), of(Gitlab)].iter().flatten()));
        assert!(!work.is_done());
        work.give_up();
        assert!(work.is_done());
    }
}
