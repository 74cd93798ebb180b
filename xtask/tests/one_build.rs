//! The pages and their security are those of every build. Specs and flow tests drive the debug build; what they see holds
//! in production because nothing that makes a page asks how it was built.

use std::fs;
use std::path::{Path, PathBuf};

/// What would make one build differ from another, or a page depend on a developer's tools.
const DIFFERENCES: [&str; 3] = ["debug_assertions", "Env::DEV", "overflow_checks"];

/// The sources that pages, server functions, headers and files come from.
const SOURCES: [&str; 3] = ["app/src", "frontend/src", "server/src"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The lines that differ between builds; what a comment says is no code.
fn differences(source: &str) -> Vec<&str> {
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.filter(|line| DIFFERENCES.iter().any(|difference| line.contains(difference))).collect()
}

#[test]
fn nothing_that_makes_a_page_depends_on_the_build() {
    let mut files = Vec::new();
    for folder in SOURCES {
        sources(&root().join(folder), &mut files);
    }
    assert!(files.iter().any(|file| file.ends_with("server/src/web/pages.rs")), "the pages are among them");
    for file in files {
        let source = fs::read_to_string(&file).expect("it is text");
        assert_eq!(differences(&source), [""; 0], "{}", file.display());
    }
}

#[test]
fn leptos_is_always_told_that_it_is_in_production() {
    let serve = fs::read_to_string(root().join("server/src/cli/serve.rs")).expect("it is text");
    assert_eq!(serve.matches("LeptosOptions::builder()").count(), 1);
    assert_eq!(serve.matches(".env(Env::PROD)").count(), 1);
}

#[test]
fn a_policy_that_is_laxer_in_one_build_is_reported() {
    for lax in [
        "    if cfg!(debug_assertions) { \"'unsafe-inline'\" } else { \"\" }",
        "#[cfg(not(debug_assertions))]",
        "    .env(Env::DEV)",
    ] {
        assert_eq!(differences(lax), [lax]);
    }
    assert!(differences("// debug_assertions are another matter").is_empty());
}
