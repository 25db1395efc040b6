//! Which functions a deployment under test has: all of them, or the few that a case asks for, which start sooner.

/// Without these no case can begin: they give licences, publish the key that requests are signed for, and say that the
/// deployment answers.
const ALWAYS: [&str; 3] = ["healthz", "public-key", "service-key"];

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Selection(Option<Vec<String>>);

impl Selection {
    pub const ALL: Self = Self(None);

    /// These, and those that every case needs.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut chosen: Vec<String> = names.into_iter().chain(ALWAYS).map(str::to_owned).collect();
        chosen.sort();
        chosen.dedup();
        Self(Some(chosen))
    }

    pub fn contains(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|chosen| chosen.iter().any(|one| one == name))
    }

    /// Whether everything that `needed` has is here.
    pub fn covers(&self, needed: &Self) -> bool {
        match &needed.0 {
            None => self.0.is_none(),
            Some(names) => names.iter().all(|name| self.contains(name)),
        }
    }

    /// The names, if not all functions are meant.
    pub fn names(&self) -> Option<&[String]> {
        self.0.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_covers_what_it_has() {
        let consent = Selection::of(["consent"]);
        assert!(consent.contains("consent") && consent.contains("service-key") && !consent.contains("groups"));
        assert!(Selection::ALL.covers(&consent) && !consent.covers(&Selection::ALL));
        assert!(consent.covers(&Selection::of([])) && !consent.covers(&Selection::of(["consent", "groups"])));
    }
}
