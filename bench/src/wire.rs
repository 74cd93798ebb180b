//! Keep-alive connections, by hand: requests are ready as bytes, and of an answer only the status and the length
//! matter. So the generator costs next to nothing beside the server that it shares a machine with.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// Longer than any answer should take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Room for the head of an answer.
const BUFFER: usize = 16 * 1024;

/// A connection that a thread has for itself, and waits for.
pub struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { address, stream: connect(address)?, buffer: vec![0; BUFFER] })
    }

    /// Sends a request and reads the whole answer: its status. After an error the connection is a new one.
    pub fn ask(&mut self, request: &[u8]) -> io::Result<u16> {
        let answer = self.try_ask(request);
        if answer.is_err() {
            self.stream = connect(self.address)?;
        }
        answer
    }

    fn try_ask(&mut self, request: &[u8]) -> io::Result<u16> {
        self.stream.write_all(request)?;
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..])?;
            if read == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            filled += read;
            if let Some(head) = Head::parse(&self.buffer[..filled])? {
                self.skip(head.whole.saturating_sub(filled))?;
                return Ok(head.status);
            }
        }
    }

    fn skip(&mut self, bytes: usize) -> io::Result<()> {
        let mut rest = (&mut self.stream).take(bytes as u64);
        io::copy(&mut rest, &mut io::sink()).map(drop)
    }
}

/// A connection whose thread looks after others in the meantime.
pub struct SharedConnection {
    address: SocketAddr,
    stream: tokio::net::TcpStream,
    buffer: Vec<u8>,
}

impl SharedConnection {
    /// Connects. The runtime that it is opened in has to be the one that it is used in.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { address, stream: connect_shared(address)?, buffer: vec![0; BUFFER] })
    }

    /// The same as [`Connection::ask`], with one limit of time for all of it. A new connection is waited for by the others
    /// of the thread, too: a run with errors does not count.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<u16> {
        let answer = timeout(PATIENCE, self.try_ask(request)).await.unwrap_or(Err(ErrorKind::TimedOut.into()));
        if answer.is_err() {
            self.stream = connect_shared(self.address)?;
        }
        answer
    }

    async fn try_ask(&mut self, request: &[u8]) -> io::Result<u16> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            if read == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            filled += read;
            if let Some(head) = Head::parse(&self.buffer[..filled])? {
                let mut rest = (&mut self.stream).take(head.whole.saturating_sub(filled) as u64);
                tokio::io::copy(&mut rest, &mut tokio::io::sink()).await?;
                return Ok(head.status);
            }
        }
    }
}

fn connect_shared(address: SocketAddr) -> io::Result<tokio::net::TcpStream> {
    let stream = connect(address)?;
    stream.set_nonblocking(true)?;
    tokio::net::TcpStream::from_std(stream)
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// What the first lines of an answer say.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Bytes of head and body.
    whole: usize,
}

impl Head {
    /// None: there is more to come.
    fn parse(bytes: &[u8]) -> io::Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
        let head = std::str::from_utf8(&bytes[..end]).map_err(|_| strange("its head is no text"))?;
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let length = lines.filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        match (status, length) {
            (Some(status), Some(length)) => Ok(Some(Self { status, whole: end + 4 + length })),
            (None, _) => Err(strange("it has no status")),
            (_, None) => Err(strange("it does not say how long it is")),
        }
    }
}

fn strange(why: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("the answer is strange: {why}"))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn an_answer_is_read_to_its_end() {
        let whole = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nForbidden";
        let head = Some(Head { status: 403, whole: whole.len() });
        assert_eq!(Head::parse(whole).unwrap(), head);
        assert_eq!(Head::parse(&whole[..whole.len() - 9]).unwrap(), head);
        assert_eq!(Head::parse(&whole[..30]).unwrap(), None);
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(Head::parse(b"nonsense\r\n\r\n").is_err());
    }

    #[test]
    fn one_connection_serves_many_requests_and_a_lost_one_is_replaced() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let mut asked = [0; 4];
            let (mut first, _) = listener.accept().unwrap();
            for _ in 0..2 {
                first.read_exact(&mut asked).unwrap();
                // In two pieces, as a network may do it.
                first.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n").unwrap();
                std::thread::sleep(Duration::from_millis(20));
                first.write_all(b"OK").unwrap();
            }
            drop(first);
            let (mut second, _) = listener.accept().unwrap();
            second.read_exact(&mut asked).unwrap();
            second.write_all(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n").unwrap();
        });
        let mut connection = Connection::open(address).unwrap();
        assert_eq!(connection.ask(b"ask!").unwrap(), 200);
        assert_eq!(connection.ask(b"ask!").unwrap(), 200);
        assert!(connection.ask(b"ask!").is_err());
        assert_eq!(connection.ask(b"ask!").unwrap(), 503);
        server.join().unwrap();
    }
}
