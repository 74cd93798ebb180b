//! Bytes to a server and back, as they are.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout, timeout_at};

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long nothing must come before nothing more is expected.
const QUIET: Duration = Duration::from_millis(250);

/// Sends all bytes at once, waits for so many answers and a little longer for one too many, closes its own half, and
/// reads to the end. Gives the status of each answer.
pub async fn exchange(address: &str, bytes: &[u8], expected: usize) -> Vec<u16> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut answer = Vec::new();
    let (mut reading, mut writing) = stream.split();
    // Reading meanwhile, since a server may answer, and hang up, before all is sent.
    let (_refused, open) = tokio::join!(writing.write_all(bytes), read(&mut reading, &mut answer, expected, PATIENCE));
    if open {
        // What was begun and not ended is over for the server now; who has gone already need not be told.
        drop(writing.shutdown().await);
        drop(timeout(PATIENCE, reading.read_to_end(&mut answer)).await.expect("the server never hangs up"));
    }
    statuses(&answer)
}

/// Whether the connection is still open.
async fn read(
    stream: &mut (impl AsyncReadExt + Unpin),
    answer: &mut Vec<u8>,
    expected: usize,
    patience: Duration,
) -> bool {
    let end = Instant::now() + patience;
    loop {
        let enough = statuses(answer).len() >= expected;
        let limit = if enough { Instant::now() + QUIET } else { end };
        match timeout_at(limit, stream.read_buf(answer)).await {
            Ok(Ok(0) | Err(_)) => return false,
            Ok(Ok(_)) => {}
            Err(_quiet) => return true,
        }
    }
}

/// No body that the server sends holds such words.
fn statuses(answer: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(answer);
    let lines = text.split("HTTP/1.").skip(1);
    lines.map(|line| line.get(2..5).and_then(|status| status.parse().ok()).unwrap_or(0)).collect()
}

/// Something in front of a server that looks for requests everywhere: what looks like the beginning of the second one
/// is handed on as a request of its own.
pub async fn careless_proxy(server: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(hand_on(stream, server.clone()));
        }
    });
    address
}

async fn hand_on(mut client: TcpStream, server: String) {
    const SECOND: &[u8] = b"POST /api/webhooks/whatsapp/second";
    let mut bytes = Vec::new();
    while let Ok(Ok(1..)) = timeout(QUIET, client.read_buf(&mut bytes)).await {}
    let second = bytes.windows(SECOND.len()).position(|window| window == SECOND).unwrap_or(bytes.len());
    let parts = [&bytes[..second], &bytes[second..]];
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        let mut behind = TcpStream::connect(&server).await.unwrap();
        let mut answer = Vec::new();
        let (mut reading, mut writing) = behind.split();
        let (_refused, open) = tokio::join!(writing.write_all(part), read(&mut reading, &mut answer, 1, 2 * QUIET));
        if open {
            drop(writing.shutdown().await);
            drop(timeout(PATIENCE, reading.read_to_end(&mut answer)).await);
        }
        drop(client.write_all(&answer).await);
    }
}
