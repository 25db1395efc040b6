//! Variables: the application's values, the templates through which a component sees them, and the
//! interface by which it asks. Values are resolved once, at start.

use crate::bindings::spin::variables::variables::{Error, Host, HostWithStore};
use crate::guest::Guest;
use crate::manifest::Variable;
use std::collections::BTreeMap;
use wasmtime::component::{Accessor, HasSelf};
use wasmtime::{Result, ensure, format_err};

/// The values of the application's variables.
pub struct Application {
    /// `None` for a required variable that nobody set.
    values: BTreeMap<String, Option<String>>,
}

/// What one component may ask for. `None` stands for a value that leans on an unset variable.
#[derive(Debug, Default)]
pub struct Granted(BTreeMap<String, Option<String>>);

impl Application {
    pub fn new(declared: &BTreeMap<String, Variable>, mut given: BTreeMap<String, String>) -> Result<Self> {
        let mut values = BTreeMap::new();
        for (name, variable) in declared {
            ensure!(is_name(name), "`{name}` is not a name for a variable");
            let value = given.remove(name).or_else(|| variable.default.clone());
            values.insert(name.clone(), value);
        }
        Ok(Self { values })
    }

    /// Variables that are required and have no value: worth a warning, an error only when asked for.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        let unset = self.values.iter().filter(|(_, value)| value.is_none());
        unset.map(|(name, _)| name.as_str())
    }

    pub fn grant(&self, templates: &BTreeMap<String, String>) -> Result<Granted> {
        let mut granted = BTreeMap::new();
        for (name, template) in templates {
            ensure!(is_name(name), "`{name}` is not a name for a variable");
            granted.insert(name.clone(), self.fill(template)?);
        }
        Ok(Granted(granted))
    }

    /// Puts values in the place of `{{ name }}`.
    pub fn fill(&self, template: &str) -> Result<Option<String>> {
        let mut filled = Some(String::new());
        let mut rest = template;
        while let Some((before, expression)) = rest.split_once("{{") {
            let (name, after) =
                expression.split_once("}}").ok_or_else(|| format_err!("`{{{{` without `}}}}` in a template"))?;
            let name = name.trim();
            let value = self
                .values
                .get(name)
                .ok_or_else(|| format_err!("a template names `{name}`, which is not in [variables]"))?;
            filled = match (filled, value) {
                (Some(filled), Some(value)) => Some(filled + before + value.as_str()),
                _ => None,
            };
            rest = after;
        }
        Ok(filled.map(|filled| filled + rest))
    }
}

impl Granted {
    fn get(&self, name: &str) -> Result<String, Error> {
        if !is_name(name) {
            return Err(Error::InvalidName(name.to_owned()));
        }
        match self.0.get(name) {
            Some(Some(value)) => Ok(value.clone()),
            Some(None) => Err(Error::Undefined(format!("no value was given for {name:?}"))),
            None => Err(Error::Undefined(format!("no variable for {name:?}"))),
        }
    }
}

/// Lower case letters, digits and single underscores between them, a letter first.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !name.ends_with('_')
        && !name.contains("__")
}

impl Host for Guest {}

impl<T> HostWithStore<T> for HasSelf<Guest> {
    async fn get(accessor: &Accessor<T, Self>, name: String) -> Result<String, Error> {
        accessor.with(|mut access| access.get().grants.variables.get(&name))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a refused template fails the test")]
    use super::*;

    fn application() -> Application {
        let value = |v: &str| Some(v.to_owned());
        Application {
            values: BTreeMap::from([
                ("host".to_owned(), value("h")),
                ("port".to_owned(), value("1")),
                ("secret".to_owned(), None),
            ]),
        }
    }

    fn granted(template: &str) -> Result<String, Error> {
        let templates = BTreeMap::from([("it".to_owned(), template.to_owned())]);
        application().grant(&templates).unwrap().get("it")
    }

    #[test]
    fn templates_are_filled() {
        assert_eq!(granted("plain").unwrap(), "plain");
        assert_eq!(granted("http://{{ host }}:{{port}}/").unwrap(), "http://h:1/");
        assert!(application().fill("{{ nobody }}").is_err());
        assert!(application().fill("{{ host").is_err());
    }

    #[test]
    fn an_unset_or_unknown_variable_is_undefined() {
        assert!(matches!(granted("x{{ secret }}y{{ host }}"), Err(Error::Undefined(_))));
        let granted = application().grant(&BTreeMap::new()).unwrap();
        assert!(matches!(granted.get("host"), Err(Error::Undefined(_))));
        assert!(matches!(granted.get("Host"), Err(Error::InvalidName(_))));
    }
}
