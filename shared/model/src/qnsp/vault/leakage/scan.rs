//! Scans: what is looked at, and how far it has come.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{LeakageTarget, LeakageTargets};
use crate::{
    body,
    ids::Uuid,
    qnsp::{List, Text},
    time::IsoTime,
};

body! {
    pub struct LeakageScope {
        /// `owner/name`, on GitLab the path of a project.
        #[schema(value_type = Option<Vec<String>>, max_items = 100)]
        pub repositories: Option<List<Text<1, 256>, 100>> as "repositories",
        /// On GitLab the paths of groups.
        #[schema(value_type = Option<Vec<String>>, max_items = 100)]
        pub organizations: Option<List<Text<1, 256>, 100>> as "organizations",
    } where faults {
        check_paths(faults, "repositories", repositories.as_ref().and_then(Option::as_ref), 2);
        check_paths(faults, "organizations", organizations.as_ref().and_then(Option::as_ref), 1);
    }
}

impl LeakageScope {
    pub fn is_empty(&self) -> bool {
        let given = [&self.repositories, &self.organizations];
        given.into_iter().flatten().all(|list| list.0.is_empty())
    }
}

/// Segments of letters, digits, `_`, `.` and `-`, which do not begin with a dot.
fn check_paths(faults: &mut crate::faults::Faults, name: &str, paths: Option<&List<Text<1, 256>, 100>>, least: usize) {
    let is_right = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    let is_segment = |text: &str| !text.is_empty() && !text.starts_with('.') && text.bytes().all(is_right);
    for (index, path) in paths.iter().flat_map(|paths| &paths.0).enumerate() {
        let is_path = path.as_str().split('/').all(is_segment) && path.as_str().split('/').count() >= least;
        faults.check(is_path, format!("{name}[{index}]"), "must be a path of letters, digits, '_', '.' and '-'");
    }
}

body! {
    pub struct StartLeakageScan {
        /// All of the policies unless it is said.
        #[schema(value_type = Option<Vec<LeakageTarget>>, min_items = 1)]
        pub targets: Option<LeakageTargets> as "targets",
        pub scope: Option<LeakageScope> as "scope",
        /// All that are enabled unless it is said.
        #[schema(value_type = Option<Vec<Uuid>>, max_items = 100)]
        pub policy_ids: Option<List<Uuid, 100>> as "policyIds",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LeakageScanStatus {
    Queued,
    Running,
    Completed,
    Failed,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeakageScanQueued {
    pub scan_id: String,
    pub status: LeakageScanStatus,
    pub estimated_completion_at: IsoTime,
}

/// What a scan did not look at, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeakageSkipped {
    pub target: LeakageTarget,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    pub reason: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeakageScan {
    pub scan_id: String,
    #[schema(value_type = LeakageScanStatus)]
    pub status: String,
    /// Percent.
    pub progress: i64,
    /// Incidents that this scan has made.
    pub findings: i64,
    pub started_at: Option<IsoTime>,
    pub completed_at: Option<IsoTime>,
    pub skipped: Vec<LeakageSkipped>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::read;

    #[test]
    fn paths_have_segments_without_a_leading_dot() {
        for (json, is_right) in [
            (r#"{"repositories":["a/b","a.b/c-d_e","group/sub/project"]}"#, true),
            (r#"{"repositories":["a"]}"#, false),
            (r#"{"repositories":["a/.."]}"#, false),
            (r#"{"repositories":["a//b"]}"#, false),
            (r#"{"repositories":["a/b?c"]}"#, false),
            (r#"{"repositories":["a/b%2f"]}"#, false),
            (r#"{"organizations":["a","g/h"]}"#, true),
            (r#"{"organizations":["../a"]}"#, false),
            (r#"{"organizations":[""]}"#, false),
        ] {
            assert_eq!(read::<LeakageScope>(json.as_bytes(), "Body").is_ok(), is_right, "{json}");
        }
    }

    #[test]
    fn a_scope_of_nothing_is_empty() {
        let is_empty = |json: &str| read::<LeakageScope>(json.as_bytes(), "Body").map(|scope| scope.is_empty()).ok();
        assert_eq!(is_empty("{}"), Some(true));
        assert_eq!(is_empty(r#"{"repositories":[],"organizations":[]}"#), Some(true));
        assert_eq!(is_empty(r#"{"organizations":["a"]}"#), Some(false));
    }
}
