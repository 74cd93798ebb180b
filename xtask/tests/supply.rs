//! What comes into the build from elsewhere: from where, under which licence, and in a version without the holes that
//! are known. The lists of licences and of crates that stay out are those of `deny.toml`.
//!
//! cargo-deny knows more (today's advisories), but is a long install; this runs everywhere, and `cargo xtask test` runs
//! that one as well where it is installed.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

type Version = (u64, u64, u64);

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Crate, the first version without the hole, and which hole. What is not in the build is not looked at.
const LEAST: &[(&str, Version, &str)] = &[
    ("bytes", (1, 11, 1), "RUSTSEC-2026-0007: an overflow in BytesMut::reserve"),
    ("crossbeam-channel", (0, 5, 15), "RUSTSEC-2025-0024: a double free"),
    ("crossbeam-utils", (0, 8, 7), "RUSTSEC-2022-0041: unsound on 32 bits"),
    ("h2", (0, 4, 4), "RUSTSEC-2024-0332: a flood of CONTINUATION frames"),
    ("hashbrown", (0, 15, 1), "RUSTSEC-2024-0402: borsh reads it ambiguously"),
    ("idna", (1, 0, 0), "RUSTSEC-2024-0421: two names that look alike"),
    ("lru", (0, 16, 3), "RUSTSEC-2026-0002: unsound iteration"),
    ("mio", (0, 8, 11), "RUSTSEC-2024-0019: tokens after deregistration"),
    ("regex", (1, 5, 5), "RUSTSEC-2022-0013: slow expressions"),
    ("ring", (0, 17, 12), "RUSTSEC-2025-0009: AES panics"),
    ("rustls", (0, 23, 18), "RUSTSEC-2024-0399: a ClientHello that panics"),
    ("slab", (0, 4, 11), "RUSTSEC-2025-0047: out of bounds"),
    ("smallvec", (1, 6, 1), "RUSTSEC-2021-0003: an overflow in insert_many"),
    ("spin", (0, 9, 8), "RUSTSEC-2023-0031: Once is initialised twice"),
    ("sqlx", (0, 8, 1), "RUSTSEC-2024-0363: a long value that becomes SQL"),
    ("time", (0, 3, 47), "RUSTSEC-2026-0009: a date that exhausts the stack"),
    ("tokio", (1, 44, 2), "RUSTSEC-2025-0023: broadcast clones without Sync"),
    ("tracing-subscriber", (0, 3, 20), "RUSTSEC-2025-0055: escapes of a terminal in the log"),
    ("url", (2, 5, 4), "RUSTSEC-2024-0421: two names that look alike"),
];

/// What guards something is there in one version only: the one that was looked at.
const ONCE: &[&str] = &[
    "argon2",
    "axum",
    "chacha20poly1305",
    "h2",
    "hmac",
    "http",
    "httparse",
    "hyper",
    "ring",
    "rustls",
    "rustls-webpki",
    "secrecy",
    "sqlx",
    "sqlx-postgres",
    "subtle",
    "tokio",
    "tokio-rustls",
    "webpki-roots",
];

/// A crate of the build.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Package {
    name: String,
    version: Version,
    license: String,
    /// None: it is of this workspace.
    source: Option<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn ask(program: &str, arguments: &[&str]) -> String {
    let said = Command::new(program).args(arguments).current_dir(root()).output().expect("it runs");
    assert!(said.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8(said.stdout).expect("it speaks UTF-8")
}

/// All that cargo knows of what it builds for a target, with everything for tests.
fn metadata(target: &str) -> Value {
    let said = ask(env!("CARGO"), &["metadata", "--locked", "--format-version", "1", "--filter-platform", target]);
    serde_json::from_str(&said).expect("cargo speaks JSON")
}

/// What is built for this machine.
fn packages() -> Vec<Package> {
    let rustc = ask("rustc", &["-vV"]);
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its machine");
    let metadata = metadata(host);
    let built = nodes(&metadata).iter().filter_map(|node| node["id"].as_str()).collect();
    of_ids(&metadata, &built)
}

/// What is built for the browser: `frontend` and all that it needs, what runs while it is built included. Cargo says it
/// with the features that the server asks for, so it is rather too much than too little.
fn browser_packages() -> Vec<Package> {
    let metadata = metadata("wasm32-unknown-unknown");
    let is_frontend = |package: &&Value| package["name"] == "frontend" && package["source"].is_null();
    let frontend = metadata["packages"].as_array().expect("packages").iter().find(is_frontend).expect("frontend");
    let mut built = BTreeSet::new();
    let mut open = vec![frontend["id"].as_str().expect("an id")];
    while let Some(id) = open.pop() {
        if built.insert(id) {
            let node = nodes(&metadata).iter().find(|node| node["id"] == id).expect("a node for each id");
            open.extend(node["deps"].as_array().expect("dependencies").iter().filter_map(needed));
        }
    }
    of_ids(&metadata, &built)
}

fn nodes(metadata: &Value) -> &Vec<Value> {
    metadata["resolve"]["nodes"].as_array().expect("nodes")
}

/// The id of a dependency, unless it is for tests only.
fn needed(dependency: &Value) -> Option<&str> {
    let kinds = dependency["dep_kinds"].as_array().expect("kinds");
    kinds.iter().any(|kind| kind["kind"] != "dev").then(|| dependency["pkg"].as_str().expect("an id"))
}

fn of_ids(metadata: &Value, ids: &BTreeSet<&str>) -> Vec<Package> {
    let packages = metadata["packages"].as_array().expect("packages").iter();
    packages.filter(|package| package["id"].as_str().is_some_and(|id| ids.contains(id))).map(Package::of).collect()
}

impl Package {
    fn of(package: &Value) -> Self {
        let text = |name: &str| package[name].as_str().map(ToOwned::to_owned);
        Self {
            name: text("name").unwrap_or_default(),
            version: version(&text("version").unwrap_or_default()),
            license: text("license").unwrap_or_default(),
            source: text("source"),
        }
    }
}

/// `1.2.3`, whatever stands behind it.
fn version(text: &str) -> Version {
    let plain = text.split(['-', '+']).next().unwrap_or_default();
    let mut parts = plain.split('.').map(|part| part.parse().unwrap_or_else(|_| panic!("{text} is no version")));
    let mut part = || parts.next().unwrap_or_default();
    (part(), part(), part())
}

/// The texts in quotes of a list in `deny.toml`.
fn listed(section: &str, list: &str) -> Vec<String> {
    let deny = read("deny.toml");
    let section = deny.split_once(&format!("[{section}]")).expect("the section is there").1;
    let list = section.split_once(&format!("{list} = [\n")).expect("the list is there").1;
    let lines = list.lines().take_while(|line| *line != "]").filter(|line| !line.trim_start().starts_with('#'));
    lines.filter_map(|line| Some(line.split('"').nth(1)?.to_owned())).collect()
}

/// Whether an expression (`A OR (B AND C)`, `A/B`) can be met with these licences.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ").replace(" WITH ", "+WITH+");
    let mut words = spaced.split_whitespace().map(|word| word.replace("+WITH+", " WITH ")).peekable();
    any(&mut words, allowed) && words.next().is_none()
}

fn any(words: &mut Peekable<impl Iterator<Item = String>>, allowed: &[String]) -> bool {
    let mut met = all(words, allowed);
    while words.next_if(|word| word == "OR").is_some() {
        met |= all(words, allowed);
    }
    met
}

fn all(words: &mut Peekable<impl Iterator<Item = String>>, allowed: &[String]) -> bool {
    let mut met = one(words, allowed);
    while words.next_if(|word| word == "AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Peekable<impl Iterator<Item = String>>, allowed: &[String]) -> bool {
    let word = words.next().unwrap_or_default();
    if word != "(" {
        return allowed.contains(&word);
    }
    let met = any(words, allowed);
    met & (words.next().as_deref() == Some(")"))
}

/// All that is wrong with these crates.
fn faults(packages: &[Package]) -> Vec<String> {
    let (licenses, out) = (listed("licenses", "allow"), listed("bans", "deny"));
    let mut faults = Vec::new();
    for Package { name, version, license, source } in packages {
        let Some(source) = source else { continue };
        if source != REGISTRY {
            faults.push(format!("{name} comes from {source}"));
        }
        if !is_allowed(license, &licenses) {
            faults.push(format!("{name} is under {license:?}, which deny.toml does not allow"));
        }
        if out.contains(name) {
            faults.push(format!("{name} is to stay out"));
        }
        let holes = LEAST.iter().filter(|(known, least, _)| known == name && version < least);
        faults.extend(holes.map(|(_, least, hole)| format!("{name} {version:?} is older than {least:?}: {hole}")));
    }
    for name in ONCE {
        let versions = packages.iter().filter(|package| package.name == *name).count();
        if versions > 1 {
            faults.push(format!("{name} is there in {versions} versions"));
        }
    }
    faults
}

#[test]
fn what_comes_from_elsewhere_is_known_free_and_without_known_holes() {
    let packages = packages();
    assert!(packages.len() > 200, "{} crates were found", packages.len());
    for name in ["sqlx", "hyper", "rustls", "hmac", "time"] {
        assert!(packages.iter().any(|package| package.name == name), "{name} was not found");
    }
    assert_eq!(faults(&packages), [""; 0]);
}

/// The bundle has crates of its own, which are not built for this machine.
#[test]
fn what_the_browser_downloads_is_known_free_and_without_known_holes() {
    let packages = browser_packages();
    assert!(packages.len() > 80, "{} crates were found", packages.len());
    for name in ["wasm-bindgen", "web-sys", "leptos", "console_error_panic_hook"] {
        assert!(packages.iter().any(|package| package.name == name), "{name} was not found");
    }
    assert!(!packages.iter().any(|package| package.name == "sqlx"), "the database is none of the browser's");
    assert_eq!(faults(&packages), [""; 0]);
}

/// The whole of `Cargo.lock`, for other systems too.
#[test]
fn everything_that_is_locked_comes_from_the_registry_with_its_hash() {
    let lock = read("Cargo.lock");
    let packages = lock.split("\n[[package]]\n").skip(1);
    let foreign: Vec<&str> = packages.filter(|package| package.contains("\nsource = ")).collect();
    assert!(foreign.len() > 250, "{} crates are locked", foreign.len());
    for package in foreign {
        assert!(package.contains(&format!("\nsource = \"{REGISTRY}\"\n")), "{package}");
        assert!(package.contains("\nchecksum = \""), "{package}");
    }
}

/// The negative control: each kind of fault is reported.
#[test]
fn a_crate_that_should_not_be_there_is_reported() {
    let good =
        Package { name: "tokio".into(), version: (1, 54, 0), license: "MIT".into(), source: Some(REGISTRY.into()) };
    assert_eq!(faults(std::slice::from_ref(&good)), [""; 0]);
    let git = Package { source: Some("git+https://example.com/tokio".into()), ..good.clone() };
    let old = Package { version: (1, 44, 1), ..good.clone() };
    let bound = Package { license: "MIT AND GPL-3.0-only".into(), ..good.clone() };
    let nothing = Package { license: String::new(), ..good.clone() };
    let banned = Package { name: "openssl-sys".into(), ..good.clone() };
    let wrong = [
        (git, "comes from"),
        (old, "RUSTSEC-2025-0023"),
        (bound, "GPL-3.0-only"),
        (nothing, "\"\""),
        (banned, "stay out"),
    ];
    for (package, word) in wrong {
        let found = faults(std::slice::from_ref(&package));
        assert!(found.len() == 1 && found[0].contains(word), "{found:?}");
    }
    assert_eq!(faults(&[good.clone(), good]), ["tokio is there in 2 versions"]);
}

#[test]
fn an_expression_is_read_as_it_is_meant() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(ToOwned::to_owned);
    for good in ["MIT", "MIT OR GPL-3.0", "GPL-3.0 OR MIT", "MIT/GPL-3.0", "(GPL-3.0 OR ISC) AND MIT"] {
        assert!(is_allowed(good, &allowed), "{good}");
    }
    assert!(is_allowed("Apache-2.0 WITH LLVM-exception OR X", &allowed));
    for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR ISC) AND X", "Apache-2.0", "MIT)", "(MIT", "MIT ISC"] {
        assert!(!is_allowed(bad, &allowed), "{bad}");
    }
}

/// Statements that let cargo resolve or build something without `--locked`.
fn unlocked(source: &str) -> Vec<&str> {
    const VERBS: [&str; 9] = ["bench", "build", "check", "clippy", "doc", "install", "metadata", "run", "test"];
    let calls_cargo = |statement: &&str| VERBS.iter().any(|verb| statement.contains(&format!("([\"{verb}\"")));
    let is_locked = |statement: &str| statement.contains("\"--locked\"") || statement.contains("cargo_arguments()");
    let is_anothers = |statement: &str| {
        let named = statement.split_once("Command::new(\"").map(|(_, name)| name);
        named.is_some_and(|name| !name.starts_with("cargo\""))
    };
    let statements = source.split([';', '{', '}']).filter(calls_cargo);
    statements.filter(|statement| !is_locked(statement) && !is_anothers(statement)).map(str::trim).collect()
}

/// Files with a build that nothing can lock, and why.
const UNLOCKED: [(&str, &str); 1] = [(
    "xtask/src/machine/debian_rust.rs",
    "the standard library of Debian's Rust, by way of a crate that depends on nothing: the library's own lock decides",
)];

/// The sources below a folder, by their paths from the root.
fn sources(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in root().join(folder).read_dir().expect("the folder") {
        let entry = entry.expect("an entry");
        let path = format!("{folder}/{}", entry.file_name().to_str().expect("a name"));
        if entry.file_type().expect("a type").is_dir() {
            found.extend(sources(&path));
        } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn every_build_is_locked() {
    let mut looked_at = 0;
    for path in sources("xtask/src") {
        let text = read(&path);
        let excepted = UNLOCKED.iter().filter(|(file, _)| *file == path).count();
        assert_eq!(unlocked(&text).len(), excepted, "{path}: {:?}", unlocked(&text));
        looked_at += text.matches("\"--locked\"").count();
    }
    assert!(looked_at >= 8, "only {looked_at} builds were found");
    for (path, _) in UNLOCKED {
        assert!(sources("xtask/src").iter().any(|source| source == path), "{path} is not there any more");
    }
    assert!(read(".cargo/config.toml").contains("xtask = \"run --locked "), "the alias");
    for text in ["README.md", ".ci/run"] {
        let text = read(text);
        let verbs = ["build", "test", "run", "install", "clippy"];
        let builds = |line: &&str| verbs.iter().any(|verb| line.contains(&format!("cargo {verb}")));
        let unlocked: Vec<&str> = text.lines().filter(builds).filter(|line| !line.contains("--locked")).collect();
        assert_eq!(unlocked, [""; 0]);
    }
}

/// The negative control.
#[test]
fn a_build_that_is_not_locked_is_reported() {
    let source = r#"fn f() { run(cargo.args(["build", "--release"])); cargo.args(["test", "--locked"]); }"#;
    assert_eq!(unlocked(source), [r#"run(cargo.args(["build", "--release"]))"#]);
    let named = r#"Command::new("cargo").args(["install", "x"]); Command::new("apt-get").args(["install", "x"]);"#;
    assert_eq!(unlocked(named), [r#"Command::new("cargo").args(["install", "x"])"#]);
}
