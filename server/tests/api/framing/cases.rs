//! The cases. In a case's text, `{post}` is the beginning of the first request, up to its framing; `{second}` a whole
//! request of no length; `{size}` the length of that request, `{hex}` the same in hexadecimal.

use super::Outcome;
use crate::app::TestApp;

/// A body as long as the second request.
const SECOND: i64 = -2;

/// One connection's worth of bytes, and what must come of it.
pub struct Case {
    pub name: &'static str,
    text: String,
    pub answers: Vec<u16>,
    pub bodies: Vec<i64>,
    pub seconds: usize,
    /// The second request stands where a body is.
    pub hides_in_a_body: bool,
}

/// Where the second request of a case goes.
pub fn second_path(number: usize) -> String {
    format!("/api/webhooks/whatsapp/second-{number}-")
}

/// What the proxy says of the first request's sender.
pub fn address(number: usize) -> String {
    format!("192.0.2.{number}")
}

fn second(number: usize) -> String {
    format!("POST {} HTTP/1.1\r\nHost: waypost\r\nContent-Length: 0\r\n\r\n", second_path(number))
}

impl Case {
    /// What is sent.
    pub fn bytes(&self, app: &TestApp, number: usize) -> Vec<u8> {
        let path = &app.account.callback_path;
        let who = format!("Host: waypost\r\nX-Forwarded-For: {}\r\n", address(number));
        let second = second(number);
        let text = self.text.replace("{size}", &second.len().to_string());
        let text = text.replace("{hex}", &format!("{:x}", second.len())).replace("{second}", &second);
        let text = text.replace("{post}", &format!("POST {path} HTTP/1.1\r\n{who}"));
        let text = text.replace("{path}", path).replace("{who}", &who).replace("{address}", &address(number));
        // One letter a byte, so that a case can hold any byte.
        text.chars().map(|letter| u8::try_from(letter).expect("a letter of Latin-1")).collect()
    }

    /// What must come of it.
    pub fn outcome(&self, number: usize) -> Outcome {
        let length = i64::try_from(second(number).len()).unwrap();
        let bodies = self.bodies.iter().map(|&size| if size == SECOND { length } else { size }).collect();
        Outcome { answers: self.answers.clone(), bodies, seconds: self.seconds }
    }

    /// It tries to slip in a request where a body is.
    fn hiding(mut self) -> Self {
        self.hides_in_a_body = true;
        self
    }
}

fn case(name: &'static str, text: impl Into<String>, answers: &[u16], bodies: &[i64], seconds: usize) -> Case {
    let (answers, bodies) = (answers.to_vec(), bodies.to_vec());
    Case { name, text: text.into(), answers, bodies, seconds, hides_in_a_body: false }
}

/// Refused before any handler sees it, and the connection with it.
fn refused(name: &'static str, text: impl Into<String>) -> Case {
    case(name, text, &[400], &[], 0)
}

/// A handler sees one request with a body of five bytes.
fn five(name: &'static str, text: impl Into<String>) -> Case {
    case(name, text, &[403], &[5], 0)
}

/// A handler begins to read a body that has no good end.
fn broken(name: &'static str, text: impl Into<String>) -> Case {
    case(name, text, &[400], &[-1], 0)
}

/// All of them.
pub fn cases() -> Vec<Case> {
    [lengths(), chunks(), chunk_sizes(), unread(), heads(), lines(), targets(), versions(), broken_off()]
        .into_iter()
        .flatten()
        .collect()
}

fn lengths() -> Vec<Case> {
    let length = |value: &str| format!("{{post}}Content-Length: {value}\r\n\r\nhello{{second}}");
    let two = |first: &str, then: &str| {
        format!("{{post}}Content-Length: {first}\r\nContent-Length: {then}\r\n\r\n{{second}}")
    };
    vec![
        five("a body and nothing else", "{post}Content-Length: 5\r\n\r\nhello"),
        case("properly pipelined", length("5"), &[403, 404], &[5], 1),
        case("three properly pipelined", length("5") + "{second}", &[403, 404, 404], &[5], 2),
        case("without a length there is no body", "{post}\r\n{second}", &[403, 404], &[0], 1),
        case("leading zeroes", length("005"), &[403, 404], &[5], 1),
        case("blanks around a length", length("  5 \t "), &[403, 404], &[5], 1),
        case("the same length twice", two("0", "0"), &[403, 404], &[0], 1),
        case("the second as a body", "{post}Content-Length: {size}\r\n\r\n{second}", &[403], &[SECOND], 0).hiding(),
        refused("two lengths, the longer first", two("{size}", "0")).hiding(),
        refused("two lengths, the shorter first", two("0", "{size}")).hiding(),
        refused("two lengths, one empty", two("", "{size}")),
        refused("a list of lengths", two("0, {size}", "0, {size}")),
        refused("a list of one length twice", length("5, 5")),
        refused("a negative length", length("-5")),
        refused("a length with a plus sign", length("+5")),
        refused("a length in hexadecimal", length("0x5")),
        refused("a length with an exponent", length("5e0")),
        refused("a length with a fraction", length("5.0")),
        refused("a length with a letter after it", length("5a")),
        refused("a length with a blank in it", length("1 0")),
        refused("a length with a vertical tab before it", length("\u{b}5")),
        refused("a length with a form feed after it", length("5\u{c}")),
        refused("an empty length", length("")),
        refused("a length in quotes", length("\"5\"")),
        refused("a length in another script", length("\u{d9}\u{a5}")),
        refused("a length beyond 64 bits", length("18446744073709551621")),
        case("the longest of 64 bits", length("18446744073709551615"), &[431], &[], 0),
        refused("a blank before the colon", "{post}Content-Length : 0\r\n\r\n{second}"),
        refused("a tab before the colon", "{post}Content-Length\t: 0\r\n\r\n{second}"),
        refused("a NUL in the name", "{post}Content\0-Length: {size}\r\n\r\n{second}"),
        refused("a body that nobody announced", "{post}Content-Length: 0\r\n\r\nhello\r\n\r\n{second}")
            .after_one(403, 0),
    ]
}

impl Case {
    /// One good request came before.
    fn after_one(mut self, answer: u16, body: i64) -> Self {
        self.answers.insert(0, answer);
        self.bodies.insert(0, body);
        self
    }
}

fn chunks() -> Vec<Case> {
    const FIVE: &str = "5\r\nhello\r\n0\r\n\r\n";
    let coded = |coding: &str| format!("{{post}}Transfer-Encoding: {coding}\r\n\r\n{FIVE}{{second}}");
    let both = |first: &str, then: &str| format!("{{post}}{first}\r\n{then}\r\n\r\n{FIVE}{{second}}");
    let chunked = "Transfer-Encoding: chunked";
    vec![
        five("chunks and nothing else", format!("{{post}}{chunked}\r\n\r\n{FIVE}")),
        case("chunks, properly pipelined", coded("chunked"), &[403, 404], &[5], 1),
        case("in capital letters", coded("CHUNKED"), &[403, 404], &[5], 1),
        // The connection ends with an answer whose request has both, whatever was meant.
        five("a length, then chunks", both("Content-Length: 5", chunked)).hiding(),
        five("chunks, then a length", both(chunked, "Content-Length: 5")).hiding(),
        five("chunks and a length of all", both(chunked, "Content-Length: 101")).hiding(),
        five("chunks and a length that is none", both(chunked, "Content-Length: x")).hiding(),
        five("a length of nothing and chunks", both("Content-Length: 0", chunked)).hiding(),
        case(
            "the second within a chunk",
            format!("{{post}}{chunked}\r\n\r\n{{hex}}\r\n{{second}}\r\n0\r\n\r\n"),
            &[403],
            &[SECOND],
            0,
        )
        .hiding(),
        refused("identity", coded("identity")),
        refused("identity and a length", both("Transfer-Encoding: identity", "Content-Length: 5")),
        refused("an empty coding", coded("")),
        refused("an unknown coding", coded("xchunked")),
        refused("a word too long", coded("chunkedx")),
        refused("a coding after it", coded("chunked, gzip")),
        refused("identity after it", coded("chunked, identity")),
        refused("in quotes", coded("\"chunked\"")),
        refused("with a parameter", coded("chunked;q=1")),
        refused("with a vertical tab before it", coded("\u{b}chunked")),
        refused("with a no-break space before it", coded("\u{a0}chunked")),
        refused("chunked, then identity, by itself", both(chunked, "Transfer-Encoding: identity")),
        refused("a blank before its colon", "{post}Transfer-Encoding : chunked\r\n\r\n{second}"),
        // No coding but this one is understood, and what is behind it is not looked at.
        case("a coding before it", coded("gzip, chunked"), &[501], &[], 0),
        case("chunked twice", coded("chunked, chunked"), &[501], &[], 0),
        case("identity, then chunked", both("Transfer-Encoding: identity", chunked), &[501], &[], 0),
        case("chunked in two headers", both(chunked, chunked), &[501], &[], 0),
        case(
            "another header that looks like it",
            "{post}Transfer_Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello{second}",
            &[403, 404],
            &[5],
            1,
        ),
        refused("chunks in HTTP/1.0", format!("POST {{path}} HTTP/1.0\r\n{{who}}{chunked}\r\n\r\n{FIVE}{{second}}")),
    ]
}

fn chunk_sizes() -> Vec<Case> {
    let body = |body: &str| format!("{{post}}Transfer-Encoding: chunked\r\n\r\n{body}");
    let sized = |size: &str| body(&format!("{size}\r\nhello\r\n0\r\n\r\n{{second}}"));
    let long = "x".repeat(20_000);
    vec![
        case("an extension", sized("5;name=value"), &[403, 404], &[5], 1),
        case("zeroes before a size", sized("0005"), &[403, 404], &[5], 1),
        case("a trailer", body("5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n{second}"), &[403, 404], &[5], 1),
        broken("a size with 0x", sized("0x5")),
        broken("a negative size", sized("-5")),
        broken("a size with a plus sign", sized("+5")),
        broken("an empty size", sized("")),
        broken("a size that is none", sized("five")),
        broken("a size beyond 64 bits", sized("10000000000000005")),
        broken("a size far beyond 64 bits", sized(&"f".repeat(40))),
        broken("a chunk longer than its size", body("5\r\nhello!!\r\n0\r\n\r\n{second}")),
        broken("a chunk shorter than its size", body("9\r\nhello\r\n0\r\n\r\n{second}")),
        broken("no line end behind a chunk", body("5\r\nhello0\r\n\r\n{second}")),
        broken("a bare line feed behind a size", body("5\nhello\n0\n\n{second}")),
        broken("a bare line feed within an extension", body("5;a\nhello\r\n0\r\n\r\n{second}")),
        broken("a bare carriage return behind a size", body("5\rhello\r\n0\r\n\r\n{second}")),
        broken("an extension without end", sized(&format!("5;{long}"))),
        broken("the second in place of a trailer", body("5\r\nhello\r\n0\r\n{second}")),
        broken("a trailer without end", body(&format!("5\r\nhello\r\n0\r\nX: {long}\r\n\r\n{{second}}"))),
    ]
}

/// Answered before the body is read: what was not read is no request either.
fn unread() -> Vec<Case> {
    let hidden = "Content-Length: {size}\r\n\r\n{second}";
    let chunk = "Transfer-Encoding: chunked\r\n\r\n{hex}\r\n{second}\r\n0\r\n\r\n";
    let nobodys = "POST /api/webhooks/whatsapp/nobodys HTTP/1.1\r\n{who}";
    vec![
        case("a path that is nobody's", format!("{nobodys}{hidden}"), &[404], &[-1], 0).hiding(),
        case("a path that is nobody's, in chunks", format!("{nobodys}{chunk}"), &[404], &[-1], 0).hiding(),
        case("an encoded body", format!("{{post}}Content-Encoding: gzip\r\n{hidden}"), &[415], &[-1], 0).hiding(),
        case("too large", "{post}Content-Length: 4194305\r\n\r\n{second}", &[413], &[-1], 0).hiding(),
        case("another method", format!("PUT {{path}} HTTP/1.1\r\n{{who}}{hidden}"), &[405], &[], 0).hiding(),
        case("GET with a body", format!("GET {{path}} HTTP/1.1\r\n{{who}}{hidden}"), &[400], &[-1], 0).hiding(),
        case("a page", format!("GET /sign-in HTTP/1.1\r\n{{who}}{hidden}"), &[200], &[], 0).hiding(),
        case("what operators ask", format!("GET /healthz HTTP/1.1\r\n{{who}}{chunk}"), &[200], &[], 0).hiding(),
        case(
            "an upgrade that nobody wants",
            format!("{{post}}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n{hidden}"),
            &[403],
            &[SECOND],
            0,
        )
        .hiding(),
        case(
            "a body that must be asked for",
            format!("{{post}}Expect: 100-continue\r\n{hidden}"),
            &[100, 403],
            &[SECOND],
            0,
        )
        .hiding(),
        case("another expectation", "{post}Expect: tea\r\nContent-Length: 5\r\n\r\nhello", &[403], &[5], 0),
    ]
}

fn heads() -> Vec<Case> {
    let more = |line: &str| format!("{{post}}{line}\r\nContent-Length: 0\r\n\r\n{{second}}");
    let many: String =
        (0..101).flat_map(|number| ["X-".to_owned(), number.to_string(), ": x\r\n".to_owned()]).collect();
    let large = format!("X: {}\r\n", "x".repeat(4_000)).repeat(90);
    vec![
        case("letters of Latin-1 in a value", more("X: gr\u{fc}\u{df}e"), &[403, 404], &[0], 1),
        refused("a folded header", more("X: a\r\n b")),
        refused("a folded coding", more("Transfer-Encoding:\r\n chunked")),
        refused("a length folded into another header", more("X: a\r\n\tContent-Length: 5")),
        refused("a fold in the first header", "POST {path} HTTP/1.1\r\n Host: waypost\r\n\r\n{second}"),
        refused("a header without a colon", more("nonsense")),
        refused("a header without a name", more(": nonsense")),
        refused("a blank in a name", more("X Y: z")),
        refused("a letter beyond ASCII in a name", more("Gr\u{fc}\u{df}e: x")),
        refused("a NUL in a value", more("X: a\0b")),
        refused("a control letter in a value", more("X: a\u{1}b")),
        refused("DEL in a value", more("X: a\u{7f}b")),
        refused("a bare carriage return in a value", more("X: a\rContent-Length: 5")),
        case("more headers than anybody needs", more(many.trim_end()), &[431], &[], 0),
        case("a huge header", more(&format!("X: {}", "x".repeat(300_000))), &[431], &[], 0),
        case("a huge name", more(&format!("{}: x", "x".repeat(300_000))), &[431], &[], 0),
        case("a huge head of small headers", more(large.trim_end()), &[431], &[], 0),
    ]
}

fn lines() -> Vec<Case> {
    let bare = "POST {path} HTTP/1.1\nHost: waypost\nX-Forwarded-For: {address}\n\n{second}";
    vec![
        // As the standard allows, a line feed ends a line of the head by itself. There is one reading of it only.
        case("bare line feeds", bare, &[403, 404], &[0], 1),
        case("line ends of both kinds", "{post}Content-Length: 5\n\r\nhello{second}", &[403, 404], &[5], 1),
        case("empty lines before a request", "\r\n\r\n{post}Content-Length: 5\r\n\r\nhello", &[403], &[5], 0),
        refused("bare carriage returns", "POST {path} HTTP/1.1\rHost: waypost\r\r{second}"),
        refused("a carriage return too many", "{post}X: a\r\r\n\r\n{second}"),
        refused("a blank before a request", " {post}\r\n{second}"),
        refused("a NUL before a request", "\0{post}\r\n{second}"),
        refused("a byte order mark before a request", "\u{ef}\u{bb}\u{bf}{post}\r\n{second}"),
        refused("two blanks in the first line", "POST  {path} HTTP/1.1\r\n{who}\r\n{second}"),
        refused("a tab in the first line", "POST\t{path} HTTP/1.1\r\n{who}\r\n{second}"),
        refused("a fourth word in the first line", "POST {path} x HTTP/1.1\r\n{who}\r\n{second}"),
        refused("no method", "{path} HTTP/1.1\r\n{who}\r\n{second}"),
        refused("a method that is no word", "P@ST(): {path} HTTP/1.1\r\n{who}\r\n{second}"),
        case("a method in small letters", "post {path} HTTP/1.1\r\n{who}\r\n", &[405], &[], 0),
        case("a method that nobody knows", "FOO {path} HTTP/1.1\r\n{who}\r\n", &[405], &[], 0),
        refused("a greeting of TLS", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}{second}"),
        refused("a mail", "EHLO waypost\r\nMAIL FROM:<a@b.c>\r\n{second}"),
    ]
}

fn targets() -> Vec<Case> {
    let target = |target: &str| format!("POST {target} HTTP/1.1\r\n{{who}}Content-Length: 5\r\n\r\nhello");
    let nobodys = |name, path: &str| case(name, target(path), &[404], &[-1], 0);
    vec![
        five("an absolute URI", target("http://waypost{path}")),
        five("an absolute URI of another host", target("http://elsewhere.example{path}")),
        five("a query", target("{path}?a=b&hub.mode=subscribe")),
        nobodys("a path of this prefix", "/api/webhooks/whatsapp/x/../nobodys"),
        nobodys("a slash too many", "{path}/"),
        nobodys("an encoded slash", "/api/webhooks/whatsapp/a%2Fb"),
        case("dots that lead elsewhere", target("/api/webhooks/whatsapp/../../../healthz"), &[404], &[-1], 0),
        case("two slashes at the beginning", target("//api/webhooks/whatsapp/x"), &[404], &[], 0),
        case("an asterisk", "OPTIONS * HTTP/1.1\r\n{who}Content-Length: 0\r\n\r\n", &[501], &[], 0),
        case("a tunnel", "CONNECT waypost:443 HTTP/1.1\r\n{who}\r\n{second}", &[501], &[], 0),
        refused("a path without its slash", target("api/webhooks/whatsapp/x")),
        refused("a blank in a path", target("/api/webhooks/whatsapp/a b")),
        refused("a NUL in a path", target("/api/webhooks/whatsapp/a\0b")),
        refused("a line feed in a path", target("/api/webhooks/whatsapp/a\nb")),
        refused("no path", "POST HTTP/1.1\r\n{who}\r\n{second}"),
        case("a huge path", target(&format!("/{}", "x".repeat(66_000))), &[414], &[], 0),
        case("two hosts", "{post}Host: elsewhere.example\r\nContent-Length: 5\r\n\r\nhello", &[403], &[5], 0),
    ]
}

fn versions() -> Vec<Case> {
    let version = |version: &str| format!("POST {{path}} {version}\r\n{{who}}Content-Length: 5\r\n\r\nhello{{second}}");
    vec![
        five("HTTP/1.0 ends with its answer", version("HTTP/1.0")).hiding(),
        refused("HTTP/0.9", "GET {path}\r\n{second}"),
        refused("HTTP/1.2", version("HTTP/1.2")),
        refused("HTTP/1.10", version("HTTP/1.10")),
        refused("HTTP/2.0", version("HTTP/2.0")),
        refused("HTTP/1,1", version("HTTP/1,1")),
        refused("a version in small letters", version("http/1.1")),
        refused("another protocol", version("ICAP/1.0")),
        refused("a version without a number", version("HTTP/")),
        case("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{second}", &[], &[], 0),
        five("close means close", "{post}Connection: close\r\nContent-Length: 5\r\n\r\nhello{second}").hiding(),
        five(
            "close means close, whatever follows",
            "{post}Connection: close\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello{second}",
        )
        .hiding(),
    ]
}

/// The connection ends in the middle.
fn broken_off() -> Vec<Case> {
    vec![
        case("nothing at all", "", &[], &[], 0),
        case("half a word", "PO", &[], &[], 0),
        case("half a line", "POST /api/webhooks", &[], &[], 0),
        case("half a head", "{post}Content-Length: 5", &[], &[], 0),
        case("a head without its last line", "{post}Content-Length: 5\r\n", &[], &[], 0),
        broken("half a body", "{post}Content-Length: 9\r\n\r\nhello"),
        broken("half a chunk", "{post}Transfer-Encoding: chunked\r\n\r\n9\r\nhello"),
        broken("no last chunk", "{post}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
        broken("the second behind half a body", "{post}Content-Length: 999\r\n\r\nhello{second}").hiding(),
    ]
}
