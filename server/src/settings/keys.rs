//! Where the key ring comes from: the environment, a file, or, beside a private cluster, a file made on first use.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use crate::crypto::{CryptoError, KeyRing};

/// The keys that app secrets are sealed under.
#[derive(Clone, Debug, Args)]
pub struct KeyArgs {
    /// Keys that app secrets are sealed under, as id:base64 of 32 bytes, separated by commas; the first one seals.
    /// Better kept in a file
    #[arg(
        long,
        env = "WAYPOST_ENCRYPTION_KEYS",
        hide_env_values = true,
        value_name = "KEYS",
        help_heading = "Encryption keys"
    )]
    pub encryption_keys: Option<SecretString>,

    /// File with these keys, one a line. Beside a private cluster one is generated in the data folder if none is given
    #[arg(long, env = "WAYPOST_ENCRYPTION_KEYS_FILE", value_name = "FILE", help_heading = "Encryption keys")]
    pub encryption_keys_file: Option<PathBuf>,
}

/// Why there is no key ring.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// Nothing given, and nothing may be generated.
    #[error(
        "There are no encryption keys, and app secrets are never stored without: set WAYPOST_ENCRYPTION_KEYS_FILE to a \
         file with a line like the one that this prints: echo \"k1:$(openssl rand -base64 32)\""
    )]
    None,
    /// Given, but malformed.
    #[error("{0}")]
    Malformed(#[from] CryptoError),
    /// A file cannot be read or made.
    #[error("The encryption keys in {} could not be used: {source}.", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl KeyArgs {
    /// The key ring: from the environment, else from the file that was named, else from the generated file, where one
    /// is allowed.
    pub fn ring(&self, generated: Option<&Path>) -> Result<KeyRing, KeysError> {
        let given = self.encryption_keys.as_ref().filter(|keys| !keys.expose_secret().trim().is_empty());
        if let Some(keys) = given {
            return Ok(KeyRing::parse(keys)?);
        }
        let named = self.encryption_keys_file.as_deref().filter(|path| !path.as_os_str().is_empty());
        let text = match (named, generated) {
            (Some(path), _) => read(path),
            (None, Some(path)) => read_or_generate(path),
            (None, None) => Err(KeysError::None),
        }?;
        Ok(KeyRing::parse(&text)?)
    }
}

fn read(path: &Path) -> Result<SecretString, KeysError> {
    let text = std::fs::read_to_string(path).map_err(|source| KeysError::File { path: path.to_owned(), source })?;
    Ok(text.into())
}

fn read_or_generate(path: &Path) -> Result<SecretString, KeysError> {
    if !path.exists() {
        generate(path).map_err(|source| KeysError::File { path: path.to_owned(), source })?;
    }
    read(path)
}

/// Written under another name and then linked, so that of two processes one wins, both read the same key, and no
/// crash leaves half a key.
fn generate(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let draft = path.with_extension(format!("{}.draft", uuid::Uuid::now_v7().simple()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let linked = file
        .write_all(format!("{}\n", KeyRing::generate("k1").expose_secret()).as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| std::fs::hard_link(&draft, path));
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        // The name must outlive a power cut too, or secrets would be sealed under a key that is gone.
        _ => File::open(folder)?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::ids::{AccountId, CompanyId, Owner};

    const NOTHING: KeyArgs = KeyArgs { encryption_keys: None, encryption_keys_file: None };

    fn owner() -> Owner {
        Owner { company: CompanyId::new(), account: AccountId::new() }
    }

    #[test]
    fn without_keys_it_refuses_and_says_how_to_make_one() {
        let refusal = NOTHING.ring(None).unwrap_err();
        assert!(refusal.to_string().contains("openssl rand -base64 32"));
        let nothing = KeyArgs { encryption_keys: Some(" ".into()), encryption_keys_file: Some(PathBuf::new()) };
        assert!(matches!(nothing.ring(None), Err(KeysError::None)), "set to nothing is not set");
    }

    #[test]
    fn a_generated_key_is_private_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/encryption-keys");
        let mine = owner();
        let sealed = NOTHING.ring(Some(&path)).unwrap().seal(mine, &"app secret".into()).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let opened = NOTHING.ring(Some(&path)).unwrap().open(mine, &sealed).unwrap();
        assert_eq!(opened.expose_secret(), "app secret");
        assert_eq!(path.parent().unwrap().read_dir().unwrap().count(), 1, "no draft is left behind");
    }

    #[test]
    fn processes_that_start_at_once_agree_on_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("encryption-keys");
        let rings: Vec<KeyRing> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| NOTHING.ring(Some(&path)).unwrap())).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        let mine = owner();
        let sealed = rings[0].seal(mine, &"app secret".into()).unwrap();
        assert!(rings.iter().all(|ring| ring.open(mine, &sealed).is_ok()));
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_a_generated_one() {
        let folder = tempfile::tempdir().unwrap();
        let (named, generated) = (folder.path().join("named"), folder.path().join("generated"));
        let (in_file, in_environment) = (KeyRing::generate("f1"), KeyRing::generate("e1"));
        std::fs::write(&named, in_file.expose_secret()).unwrap();
        let file = KeyArgs { encryption_keys_file: Some(named), ..NOTHING };
        assert_eq!(format!("{:?}", file.ring(Some(&generated)).unwrap()), r#"["f1"]"#);
        let both = KeyArgs { encryption_keys: Some(in_environment), ..file };
        assert_eq!(format!("{:?}", both.ring(Some(&generated)).unwrap()), r#"["e1"]"#);
        assert!(!generated.exists());
    }
}
