//! Deployments by name, with what signs there: a file of the user, which nobody else may read.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use crypto::Zeroizing;
use serde::{Deserialize, Serialize};

use crate::{Error, Result, json, private_file};

#[derive(Default, Serialize, Deserialize)]
pub struct Profiles {
    /// The one that is used where no other is named.
    #[serde(default)]
    pub current: Option<String>,
    #[serde(default)]
    pub profiles: BTreeMap<String, Profile>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    pub url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curve: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Of a tenant of QNSP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// Of the Config API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_token: Option<String>,
}

impl Profiles {
    /// Where they are kept: in the user's folder for configuration, as XDG has it.
    pub fn place() -> Option<PathBuf> {
        let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let folder = absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")))?;
        Some(folder.join("chancery/profiles.json"))
    }

    /// None yet where there is no file.
    pub fn load(path: &Path) -> Result<Self> {
        let unusable = |reason: String| Error::usage(format!("{} cannot be used: {reason}", path.display()));
        if !path.exists() {
            return Ok(Self::default());
        }
        if private_file::is_open_to_others(path).map_err(|error| unusable(error.to_string()))? {
            let path = path.display();
            return Err(unusable(format!("others may read it, and it holds secrets; `chmod 600 {path}` ends that")));
        }
        let text = fs::read_to_string(path).map(Zeroizing::new).map_err(|error| unusable(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| unusable(json::fault(&error)))
    }

    pub fn save(&self, path: &Path) -> Result<()> {
        let failed = |reason: String| Error::usage(format!("{} cannot be written: {reason}", path.display()));
        let text = serde_json::to_string_pretty(self).map_err(|error| failed(json::fault(&error)))?;
        let text = Zeroizing::new(text + "\n");
        let folder = path.parent().unwrap_or(Path::new("."));
        private_file::folder(folder)
            .and_then(|()| private_file::replace(path, &text))
            .map_err(|error| failed(error.to_string()))
    }

    pub fn find(&self, name: &str) -> Result<&Profile> {
        self.profiles.get(name).ok_or_else(|| {
            let known: Vec<_> = self.profiles.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "there is none yet".to_owned() } else { known.join(", ") };
            Error::usage(format!("there is no profile {name:?} ({known}); `chancery login {name} --url …` makes it"))
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_is_saved_is_loaded_and_nobody_else_may_read_it() {
        let folder = env::temp_dir().join(format!("chancery-profiles-{}", std::process::id()));
        let path = folder.join("a/profiles.json");
        assert!(Profiles::load(&path).unwrap().profiles.is_empty());
        let profile = Profile { url: "https://a.example".into(), license: Some("s3cret".into()), ..Profile::default() };
        let profiles = BTreeMap::from([("prod".to_owned(), profile)]);
        Profiles { current: Some("prod".into()), profiles }.save(&path).unwrap();
        let loaded = Profiles::load(&path).unwrap();
        assert_eq!(loaded.find("prod").unwrap().license.as_deref(), Some("s3cret"));
        let unknown = loaded.find("staging").err().unwrap().to_string();
        assert!(unknown.contains("prod") && unknown.contains("login staging"), "{unknown}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&path), mode(&folder.join("a"))), (0o600, 0o700));
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            let error = Profiles::load(&path).err().unwrap().to_string();
            assert!(error.contains("chmod 600") && !error.contains("s3cret"), "{error}");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        fs::write(&path, "\"s3cret\"").unwrap();
        assert!(!Profiles::load(&path).err().unwrap().to_string().contains("s3cret"));
        fs::remove_dir_all(folder).unwrap();
    }
}
