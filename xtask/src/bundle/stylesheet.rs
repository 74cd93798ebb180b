//! One stylesheet out of many: the browser gets the files of `style/` in one request, in
//! the order of the `@import` lines of the entry.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// Reads the entry and puts each imported file in its place. Imports are one to a line,
/// relative to the file they stand in, and may themselves import.
pub fn read(path: &Path) -> Result<String> {
    let text = fs::read_to_string(path).with_context(|| format!("the stylesheet {} cannot be read", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut whole = String::with_capacity(text.len());
    for line in text.lines() {
        match import(line)? {
            Some(name) => whole.push_str(&read(&folder.join(name))?),
            None => whole.push_str(line),
        }
        whole.push('\n');
    }
    Ok(whole)
}

/// The file that an `@import` line names. An import with a layer or a condition would lose
/// it here, so it is refused.
fn import(line: &str) -> Result<Option<&str>> {
    let Some(rest) = line.trim().strip_prefix("@import") else {
        return Ok(None);
    };
    let name = rest
        .trim()
        .strip_suffix(';')
        .map(str::trim)
        .map(|value| value.strip_prefix("url(").and_then(|value| value.strip_suffix(')')).unwrap_or(value));
    let name = name.and_then(|value| {
        let quoted = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
        quoted('"').or_else(|| quoted('\''))
    });
    match name {
        Some(name) if !name.contains(['"', '\'', ':']) => Ok(Some(name)),
        _ => bail!("`{}` is no plain `@import \"file.css\";`", line.trim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_put_in_their_place_and_order() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).expect("a file");
        };
        write("main.css", "@import \"tokens.css\";\n@import url('ui.css');\nbody {}\n");
        write("tokens.css", ":root {}\n");
        write("ui.css", "button {}\n");
        let whole = read(&folder.path().join("main.css")).expect("a stylesheet");
        assert_eq!(whole, ":root {}\n\nbutton {}\n\nbody {}\n");
    }

    #[test]
    fn an_import_that_would_lose_something_is_refused() {
        for line in [
            "@import \"print.css\" print;",
            "@import \"a.css\"; @import \"b.css\";",
            "@import \"https://example.com/a.css\";",
            "@import \"tokens.css\"",
        ] {
            assert!(import(line).is_err(), "{line}");
        }
        assert_eq!(import("a { color: red }").expect("no import"), None);
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = read(Path::new("style/nowhere.css")).expect_err("there is no such file");
        assert!(error.to_string().contains("nowhere.css"), "{error:#}");
    }
}
