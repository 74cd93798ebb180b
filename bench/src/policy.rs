//! Whether a page of the release build is as strict about scripts as the tests have seen it in theirs.

use anyhow::{Result, bail, ensure};

/// Checks a page and the content security policy it came with: scripts run by the page's own nonce, WASM may be
/// compiled, nothing inline is let through, and nothing in the page would need it.
///
/// # Errors
/// What is too lax, or would be blocked.
pub fn check(policy: &str, page: &str) -> Result<()> {
    let nonce = nonce(policy)?;
    for expected in ["default-src 'none'", "'strict-dynamic' 'wasm-unsafe-eval'", "style-src 'self'", "base-uri 'none'"]
    {
        ensure!(policy.contains(expected), "the policy lacks {expected}: {policy}");
    }
    for lax in ["'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:"] {
        ensure!(!policy.contains(lax), "the policy allows {lax}: {policy}");
    }
    let own = format!("nonce=\"{nonce}\"");
    let tags: Vec<&str> = page.split('<').skip(1).filter_map(|tag| tag.split('>').next()).collect();
    let mut scripts = tags.iter().filter(|tag| tag.starts_with("script")).peekable();
    ensure!(scripts.peek().is_some(), "the page has no script at all");
    if let Some(script) = scripts.find(|script| !script.contains(&own)) {
        bail!("<{script}> has not the page's nonce");
    }
    match tags.iter().find(|tag| tag.starts_with("style") || tag.contains(" style=") || tag.contains(" onclick=")) {
        Some(tag) => bail!("<{tag}> is inline"),
        None => Ok(()),
    }
}

fn nonce(policy: &str) -> Result<&str> {
    let scripts = policy.split(';').find_map(|part| part.trim().strip_prefix("script-src 'nonce-"));
    match scripts.and_then(|rest| rest.split_once('\'')) {
        Some((nonce, _)) if nonce.len() >= 16 => Ok(nonce),
        _ => bail!("scripts need no nonce of their own: {policy}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = "default-src 'none'; script-src 'nonce-0123456789abcdef' 'strict-dynamic' 'wasm-unsafe-eval'; \
                          style-src 'self'; img-src 'self' data:; base-uri 'none'";
    const PAGE: &str = r#"<html><script nonce="0123456789abcdef">import("/pkg/a.js")</script><p class="a">Hello</p>"#;

    #[test]
    fn a_strict_page_passes() {
        check(POLICY, PAGE).unwrap();
    }

    #[test]
    fn a_lax_policy_is_reported() {
        for (strict, lax) in [
            ("'nonce-0123456789abcdef' ", ""),
            ("0123456789abcdef", "short"),
            ("'wasm-unsafe-eval'", "'unsafe-eval'"),
            ("'wasm-unsafe-eval'", "'wasm-unsafe-eval' 'unsafe-inline'"),
            ("style-src 'self'", "style-src 'self' 'unsafe-inline'"),
            ("default-src 'none'; ", ""),
            ("img-src 'self'", "img-src *"),
        ] {
            assert!(POLICY.contains(strict), "{strict}");
            assert!(check(&POLICY.replacen(strict, lax, 1), PAGE).is_err(), "{lax} for {strict}");
        }
    }

    #[test]
    fn what_the_policy_would_block_is_reported() {
        for blocked in [
            "<script>alert(1)</script>",
            r#"<script nonce="another0another0">alert(1)</script>"#,
            r#"<p style="color: red">"#,
            "<style>p {}</style>",
        ] {
            assert!(check(POLICY, &format!("{PAGE}{blocked}")).is_err(), "{blocked}");
        }
        assert!(check(POLICY, "<p>No script</p>").is_err());
    }
}
