//! From a manifest to handlers that answer: components compiled, grants resolved, routes known.

use crate::arguments::Arguments;
use crate::guest::Grants;
use crate::instances::{self, Handlers, Instances};
use crate::key_value;
use crate::manifest::{Component as Section, Manifest};
use crate::outbound::Allowed;
use crate::routes::Routes;
use crate::variables;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use wasmtime::component::Component;
use wasmtime::error::Context as _;
use wasmtime::{Cache, CacheConfig, Config, Engine, Result, Strategy};

// Spin's own names for the files of its state.
const DATABASE: &str = "sqlite_db.db";
const KEY_VALUE: &str = "sqlite_key_value.db";

pub struct Application {
    pub routes: Routes,
    pub handlers: BTreeMap<String, Handlers>,
    /// Whether a request may say how far the clock is ahead for it.
    pub movable_clock: bool,
}

impl Application {
    pub async fn load(arguments: Arguments, address: SocketAddr) -> Result<Self> {
        let mut manifest = Manifest::read(&arguments.manifest)?;
        if !arguments.components.is_empty() {
            manifest.keep_only(&arguments.components)?;
        }
        let variables = variables::Application::new(&manifest.variables, arguments.variables)?;
        for name in variables.missing() {
            eprintln!("chancery-host: the required variable `{name}` has no value");
        }
        let state = &arguments.state;
        std::fs::create_dir_all(state).with_context(|| format!("cannot create {}", state.display()))?;
        let database: Arc<Path> = state.join(DATABASE).into();
        let key_value = key_value::open(state.join(KEY_VALUE).into()).await?;

        let engine = engine(arguments.cache.as_deref(), arguments.compile_quickly)?;
        let linker = instances::linker(&engine)?;
        let folder = arguments.manifest.parent().unwrap_or(Path::new(""));
        let mut compiled = BTreeMap::new();
        let mut handlers = BTreeMap::new();
        for (id, section) in &manifest.components {
            let source = &section.source;
            if !compiled.contains_key(source) {
                let file = folder.join(source);
                let component = Component::from_file(&engine, &file)
                    .with_context(|| format!("component `{id}`: {}", file.display()))?;
                compiled.insert(source, component);
            }
            let component = compiled.get(source).context("just compiled")?;
            let grants = Grants {
                variables: variables.grant(&section.variables)?,
                environment: section.environment.clone().into_iter().collect(),
                sqlite_databases: section.sqlite_databases.iter().cloned().collect(),
                database: Arc::clone(&database),
                key_value_stores: section.key_value_stores.iter().cloned().collect(),
                key_value: key_value.clone(),
                outbound: Arc::new(allowed(section, &variables, address)?),
            };
            let instances = Instances::of(id, component, &linker, grants, arguments.lifetime)?;
            handlers.insert(id.clone(), Handlers::new(instances));
        }
        let routes = Routes::new(manifest.http_triggers())?;
        Ok(Self { routes, handlers, movable_clock: arguments.movable_clock })
    }
}

fn engine(cache: Option<&Path>, quickly: bool) -> Result<Engine> {
    let mut config = Config::new();
    config.wasm_component_model_async(true);
    // A trap names its functions without them, and a start would read a fifth more.
    config.generate_address_map(false);
    config.native_unwind_info(false);
    if quickly && cfg!(target_arch = "x86_64") {
        config.strategy(Strategy::Winch);
    }
    if let Some(folder) = cache {
        let folder = std::path::absolute(folder)?;
        std::fs::create_dir_all(&folder)?;
        let mut settings = CacheConfig::new();
        // What has been asked for often is not compressed once more: that takes longer than reading it.
        settings.with_directory(folder).with_optimized_compression_usage_counter_threshold(u64::MAX);
        config.cache(Some(Cache::new(settings)?));
    }
    Engine::new(&config)
}

fn allowed(section: &Section, variables: &variables::Application, address: SocketAddr) -> Result<Allowed> {
    let hosts: Vec<String> = section
        .allowed_outbound_hosts
        .iter()
        .filter_map(|host| variables.fill(host).transpose())
        .collect::<Result<_>>()?;
    Allowed::new(hosts.iter().map(String::as_str), address)
}
