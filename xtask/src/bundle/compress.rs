//! Compression ahead of time, as small as it gets: done once, downloaded often.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, GzBuilder};

/// Writes the content and, beside it, `.br` and `.gz`.
pub fn write_all(path: &Path, content: &[u8]) -> Result<()> {
    let name = path.to_string_lossy();
    write(Path::new(&format!("{name}.br")), &brotli(content)?)?;
    write(Path::new(&format!("{name}.gz")), &gzip(content)?)?;
    // Last: where it is, the other two are.
    write(path, content)
}

/// Under another name first, so that no half file ever has the real one.
fn write(path: &Path, content: &[u8]) -> Result<()> {
    let unfinished = path.with_extension("unfinished");
    fs::write(&unfinished, content)?;
    fs::rename(unfinished, path)?;
    Ok(())
}

fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let parameters = BrotliEncoderParams {
        quality: 11,
        // The largest window that browsers take: 16 MB.
        lgwin: 24,
        size_hint: content.len(),
        ..BrotliEncoderParams::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*content, &mut compressed, &parameters)?;
    Ok(compressed)
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    // Without a time stamp, so that the same content gives the same bytes.
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn what_is_compressed_comes_back_whole() {
        let content = b"to and fro ".repeat(1000);
        let mut back = Vec::new();
        let compressed = brotli(&content).expect("brotli");
        brotli::BrotliDecompress(&mut &*compressed, &mut back).expect("the way back");
        assert_eq!(back, content);

        back.clear();
        let compressed = gzip(&content).expect("gzip");
        flate2::read::GzDecoder::new(&*compressed).read_to_end(&mut back).expect("the way back");
        assert_eq!(back, content);
    }
}
