//! How large each function is as it is shipped: the Worker's module and the component, raw and compressed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use chancery_tests::runtime::root;

const HEAD: [&str; 5] = ["function", "Worker raw", "gzip", "component raw", "gzip"];

/// A row per function, under a head.
pub fn all() -> Result<Vec<Vec<String>>, String> {
    let mut rows = vec![HEAD.map(str::to_owned).to_vec()];
    for folder in functions() {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let files =
            [folder.join("build/index_bg.wasm"), root().join("target/components").join(&name).with_extension("wasm")];
        let mut row = vec![name];
        for file in files {
            row.extend(if file.is_file() { measure(&file)? } else { ["–".to_owned(), "–".to_owned()] });
        }
        rows.push(row);
    }
    Ok(rows)
}

/// The gateway first, the floor last.
fn functions() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(root().join("functions"))
        .into_iter()
        .flatten()
        .filter_map(|api| Some(fs::read_dir(api.ok()?.path()).ok()?.filter_map(|entry| Some(entry.ok()?.path()))))
        .flatten()
        .filter(|folder| folder.join("Cargo.toml").is_file())
        .collect();
    found.sort();
    found.insert(0, root().join("functions/gateway"));
    found.push(root().join("tests/floor"));
    found
}

fn measure(file: &Path) -> Result<[String; 2], String> {
    let raw = fs::metadata(file).map_err(|error| format!("{}: {error}", file.display()))?.len();
    let packed = Command::new("gzip").args(["-9", "-c"]).arg(file).output();
    let packed = packed.map_err(|error| format!("gzip: {error}"))?.stdout.len();
    Ok([(raw / 1000).to_string(), (packed / 1000).to_string()])
}
