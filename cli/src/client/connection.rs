//! Which deployment is meant, and with which licence key: what was given or the profile that was named, or else
//! `.chancery/dev.json` of the local deployment, looked for from the working directory upwards, or else the profile that
//! is in use.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use crypto::{Curve, Zeroizing};
use serde::Deserialize;

use super::{Bearer, Client, Manner, Profile, Profiles, generate_key};
use crate::{Error, Result, json};

const DEV_FILE: &str = ".chancery/dev.json";

/// What the caller said, by options or environment variables.
#[derive(Default)]
pub struct Given {
    pub url: Option<String>,
    pub license: Option<String>,
    pub api_key: Option<String>,
    pub config_token: Option<String>,
    pub curve: Option<Curve>,
    /// The name of a profile.
    pub profile: Option<String>,
    /// The file of the profiles; `None` knows none.
    pub profiles: Option<PathBuf>,
}

pub struct Connection {
    /// The name of the profile, where one is used.
    pub profile: Option<String>,
    pub base_url: String,
    pub license: Option<Zeroizing<String>>,
    /// Of a tenant of QNSP.
    pub api_key: Option<Zeroizing<String>>,
    /// Of the Config API.
    pub config_token: Option<Zeroizing<String>>,
    pub curve: Curve,
    pub manner: Manner,
}

/// What a file knows of a deployment.
#[derive(Default)]
struct Known {
    /// The name of the profile.
    name: Option<String>,
    profile: Profile,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DevFile {
    base_url: String,
    root_license_key: String,
    #[serde(default)]
    curve: Option<String>,
    #[serde(default)]
    config_token: Option<String>,
    #[serde(default)]
    qnsp: Option<DevTenant>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DevTenant {
    owner_key: String,
}

impl Connection {
    /// What was given comes first. A file adds its keys and curve only for the address that it names itself: its keys are
    /// never shown to another deployment.
    pub fn resolve(given: Given, from: &Path) -> Result<Self> {
        let load = || given.profiles.as_deref().map_or_else(|| Ok(Profiles::default()), Profiles::load);
        let known = match (&given.profile, find_upwards(from)) {
            (Some(name), _) => Some(Known::profile(&load()?, name)?),
            (None, Some(path)) => Some(read(&path)?.into()),
            (None, None) if given.url.is_none() => {
                let profiles = load()?;
                profiles.current.as_ref().map(|name| Known::profile(&profiles, name)).transpose()?
            }
            (None, None) => None,
        };
        let Given { url, license, api_key, config_token, curve, profile, .. } = given;
        let base_url = url.as_deref().or(known.as_ref().map(|known| known.profile.url.as_str())).ok_or_else(|| {
            Error::usage(format!(
                "no deployment named, no profile in use, and no {DEV_FILE} from {} upwards.\n\
                 Start a local one with scripts/up and stay in its folder, or keep one with `chancery login NAME --url URL`, or \
                 set CHANCERY_URL and CHANCERY_LICENSE.",
                from.display()
            ))
        })?;
        let base_url = base_url.trim_end_matches('/').to_owned();
        let known = known.filter(|known| known.profile.url.trim_end_matches('/') == base_url);
        if let (Some(name), None) = (profile, &known) {
            return Err(Error::usage(format!(
                "the profile {name} has another address than --url or CHANCERY_URL; leave one of them out"
            )));
        }
        let Known { name, profile } = known.unwrap_or_default();
        let file_curve = profile.curve.as_deref().map(parse_curve).transpose()?;
        Ok(Self {
            profile: name,
            base_url,
            license: license.or(profile.license).map(Zeroizing::new),
            api_key: api_key.or(profile.api_key).map(Zeroizing::new),
            config_token: config_token.or(profile.config_token).map(Zeroizing::new),
            curve: curve.or(file_curve).unwrap_or_default(),
            manner: Manner::default(),
        })
    }

    /// A client that signs with the licence key of this connection.
    pub fn client(&self) -> Result<Client> {
        let license = self.license.as_ref().ok_or_else(|| {
            Error::usage(format!(
                "no licence key for {}: set CHANCERY_LICENSE to its keySecret, or keep it with `chancery login`",
                self.base_url
            ))
        })?;
        self.client_with(license)
    }

    /// A client that asks without a licence.
    pub fn anonymous(&self) -> Result<Client> {
        self.client_with("")
    }

    fn client_with(&self, license: &str) -> Result<Client> {
        Ok(Client::with(self.manner, &self.base_url, generate_key(self.curve)?, license))
    }

    /// A client that calls QNSP with the API key of this connection.
    pub fn bearer(&self) -> Result<Bearer> {
        self.bearer_within(self.manner.time)
    }

    /// A client that calls the Config API with the token of this connection.
    pub fn config_api(&self) -> Result<Bearer> {
        let token = self.config_token.as_ref().ok_or_else(|| {
            Error::usage(format!(
                "no token of the Config API for {}: set CHANCERY_CONFIG_TOKEN to one that `chancery token create` makes, or keep it \
                 with `chancery login`",
                self.base_url
            ))
        })?;
        Bearer::new(&self.base_url, token, self.manner)
    }

    /// The same, with a time within which each call must be answered.
    pub fn bearer_within(&self, time: Duration) -> Result<Bearer> {
        let key = self.api_key.as_ref().ok_or_else(|| {
            Error::usage(format!(
                "no API key for {}: set CHANCERY_API_KEY to one of a QNSP tenant, or keep it with `chancery login`",
                self.base_url
            ))
        })?;
        Bearer::new(&self.base_url, key, Manner { time: time.min(self.manner.time), ..self.manner })
    }
}

impl Known {
    fn profile(profiles: &Profiles, name: &str) -> Result<Self> {
        Ok(Self { name: Some(name.to_owned()), profile: profiles.find(name)?.clone() })
    }
}

impl From<DevFile> for Known {
    fn from(dev: DevFile) -> Self {
        let (license, api_key) = (Some(dev.root_license_key), dev.qnsp.map(|tenant| tenant.owner_key));
        Self {
            name: None,
            profile: Profile { url: dev.base_url, curve: dev.curve, license, api_key, config_token: dev.config_token },
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connection({}, {}, ..)", self.base_url, self.curve)
    }
}

/// True when the address is this machine's own.
pub fn is_loopback(url: &str) -> bool {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest).split(['/', '?']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(ip6) => ip6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn parse_curve(name: &str) -> Result<Curve> {
    name.parse().map_err(super::signature::local)
}

fn find_upwards(from: &Path) -> Option<PathBuf> {
    from.ancestors().map(|dir| dir.join(DEV_FILE)).find(|path| path.is_file())
}

fn read(path: &Path) -> Result<DevFile> {
    let unreadable = |error: &dyn fmt::Display| {
        Error::usage(format!("{} cannot be used: {error}. scripts/up writes it anew.", path.display()))
    };
    let text = fs::read_to_string(path).map(Zeroizing::new).map_err(|error| unreadable(&error))?;
    serde_json::from_str(&text).map_err(|error| unreadable(&json::fault(&error)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// A folder with a local deployment's file, and a folder below it.
    fn local(name: &str) -> (PathBuf, PathBuf) {
        let dir = std::env::temp_dir().join(format!("chancery-{name}-{}", std::process::id()));
        let below = dir.join("a/b");
        fs::create_dir_all(&below).unwrap();
        fs::create_dir_all(dir.join(".chancery")).unwrap();
        let file = r#"{"baseUrl": "http://127.0.0.1:8787/", "rootLicenseKey": "root", "curve": "secp256k1", "configToken": "c"}"#;
        fs::write(dir.join(DEV_FILE), file).unwrap();
        (dir, below)
    }

    #[test]
    fn the_local_file_is_found_from_a_folder_below() {
        let (dir, below) = local("below");
        let found = Connection::resolve(Given::default(), &below).unwrap();
        assert_eq!(found.base_url, "http://127.0.0.1:8787");
        assert_eq!((found.license.unwrap().as_str(), found.config_token.unwrap().as_str()), ("root", "c"));
        assert_eq!(found.curve, Curve::Secp256k1);
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn what_was_given_comes_first() {
        let (dir, below) = local("given");
        let given = Given { license: Some("mine".into()), curve: Some(Curve::P256), ..Given::default() };
        let found = Connection::resolve(given, &below).unwrap();
        assert_eq!((found.license.unwrap().as_str(), found.curve), ("mine", Curve::P256));
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn another_deployment_never_sees_the_local_licence_key() {
        let (dir, below) = local("other");
        let given = Given { url: Some("https://elsewhere.example".into()), ..Given::default() };
        let found = Connection::resolve(given, &below).unwrap();
        assert!(found.license.is_none());
        assert_eq!(found.curve, Curve::P256);
        let error = found.client().err().unwrap();
        assert!(error.to_string().contains("CHANCERY_LICENSE"), "{error}");
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_profile_is_named_or_in_use_where_nothing_is_nearer() {
        let (dir, below) = local("profile");
        let file = dir.join("profiles.json");
        let of = |host: &str| Profile {
            url: format!("https://{host}.example"),
            license: Some(host.into()),
            ..Profile::default()
        };
        let all = ["a", "b"].map(|host| (host.to_owned(), of(host))).into();
        Profiles { current: Some("b".into()), profiles: all }.save(&file).unwrap();
        let found = |profile: Option<&str>, url: Option<&str>, from: &Path| {
            let given = Given { url: url.map(str::to_owned), profile: profile.map(str::to_owned), ..Given::default() };
            let found = Connection::resolve(Given { profiles: Some(file.clone()), ..given }, from);
            found.map(|found| (found.base_url, found.license.map(|license| license.to_string()))).ok()
        };
        let is = |url: &str, license: Option<&str>| Some((url.to_owned(), license.map(str::to_owned)));
        let nowhere = Path::new("/");
        assert_eq!(found(None, None, nowhere), is("https://b.example", Some("b")));
        assert_eq!(found(None, None, &below), is("http://127.0.0.1:8787", Some("root")));
        assert_eq!(found(Some("a"), None, &below), is("https://a.example", Some("a")));
        assert_eq!(found(Some("a"), Some("https://a.example/"), nowhere), is("https://a.example", Some("a")));
        assert_eq!(found(None, Some("https://a.example"), nowhere), is("https://a.example", None));
        assert_eq!(found(Some("a"), Some("https://b.example"), nowhere), None);
        assert_eq!(found(Some("c"), None, nowhere), None);
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_broken_file_is_named_and_not_quoted() {
        let (dir, below) = local("broken");
        fs::write(dir.join(DEV_FILE), "\"s3cret\"").unwrap();
        let error = Connection::resolve(Given::default(), &below).unwrap_err().to_string();
        assert!(error.contains(DEV_FILE) && !error.contains("s3cret"), "{error}");
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn without_a_file_the_error_says_how_to_get_one() {
        let error = Connection::resolve(Given::default(), Path::new("/")).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("scripts/up"), "{error}");
    }

    #[test]
    fn loopback_is_recognised_by_host_alone() {
        for url in ["http://127.0.0.1:8787", "http://localhost/x", "http://[::1]:1", "http://127.8.0.1"] {
            assert!(is_loopback(url), "{url}");
        }
        for url in ["http://127.0.0.1.example", "http://example/127.0.0.1", "https://10.0.0.1"] {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
