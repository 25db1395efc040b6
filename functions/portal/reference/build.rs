//! Packs the viewer, and every document of `openapi/`, into the function. The list of documents is made of that folder.

use std::{fs, io, path::Path};

use assets::pack::Pack;

/// Laid there by `scripts/setup`; it is not kept with the sources.
const VIEWER: &str = "vendor/standalone.js";
const DOCUMENTS: &str = "../../../openapi";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=static");
    println!("cargo::rerun-if-changed={DOCUMENTS}");
    let mut pack = Pack::default();
    if Path::new(VIEWER).is_file() {
        pack = pack.file("standalone.js", Path::new(VIEWER))?;
    } else if std::env::var("CARGO_CFG_TARGET_FAMILY").as_deref() == Ok("wasm") {
        return Err(io::Error::other(format!("{VIEWER} is missing; run scripts/setup")));
    } else {
        // Until the viewer is laid beside this file.
        println!("cargo::rerun-if-changed=.");
        println!("cargo::warning=the API reference is built without its viewer; scripts/setup fetches it");
    }
    let mut names = fs::read_dir(DOCUMENTS)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    names.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    names.sort();
    let (mut links, mut cards) = (String::new(), String::new());
    for path in names {
        let text = fs::read_to_string(&path)?;
        let document: serde_json::Value = serde_json::from_str(&text)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let title = document.pointer("/info/title").and_then(|title| title.as_str()).unwrap_or(&name);
        let title = escaped(title.strip_prefix("Chancery: ").unwrap_or(title));
        let paths = document.get("paths").and_then(|paths| paths.as_object());
        let operations: usize = paths.into_iter().flatten().filter_map(|(_, item)| Some(item.as_object()?.len())).sum();
        links += &format!("<a href=\"/portal/reference/{name}\">{title}</a>\n");
        cards += &format!(
            "<li><a href=\"/portal/reference/{name}\"><strong>{title}</strong><span>{operations} operations</span></a></li>\n"
        );
        // Without the blanks that make it readable in the repository.
        pack = pack.text(&format!("{name}.json"), document.to_string());
    }
    for page in ["index.html", "viewer.html"] {
        let html = fs::read_to_string(Path::new("static").join(page))?;
        pack = pack.text(page, html.replace("{{links}}", &links).replace("{{cards}}", &cards));
    }
    for file in ["reference.js", "reference.css", "notice.txt"] {
        pack = pack.file(file, &Path::new("static").join(file))?;
    }
    // The same as in the pages.
    for file in ["theme.js", "icon.svg"] {
        pack = pack.file(file, &Path::new("../pages/static").join(file))?;
    }
    pack.write()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
