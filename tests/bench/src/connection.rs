//! One kept-alive HTTP/1.1 connection over loopback. It reads no more of an answer than its status, its length and
//! its body, so that the caller costs as little as it can.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

const TIMEOUT: Duration = Duration::from_secs(30);

pub struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

pub struct Answer<'a> {
    pub status: u16,
    /// As it came, to the empty line.
    pub head: &'a [u8],
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// The body put together, where it came in chunks.
    pub fn whole_body(&self) -> Vec<u8> {
        let chunked = String::from_utf8_lossy(self.head).to_ascii_lowercase().contains("transfer-encoding: chunked");
        if !chunked {
            return self.body.to_vec();
        }
        let (mut whole, mut rest) = (Vec::new(), self.body);
        while let Some(line) = find(rest, b"\r\n") {
            let (length, chunk) = rest.split_at(line);
            let length = std::str::from_utf8(length).ok().and_then(|length| usize::from_str_radix(length, 16).ok());
            let Some(length) = length.filter(|length| *length > 0) else { break };
            whole.extend_from_slice(chunk.get(2..length + 2).unwrap_or_default());
            rest = chunk.get(length + 4..).unwrap_or_default();
        }
        whole
    }
}

impl Connection {
    pub fn to(address: SocketAddr) -> Self {
        Self { address, stream: None, buffer: Vec::with_capacity(64 * 1024) }
    }

    /// Sends a request and waits for its answer. A connection that the server closed between two requests is opened
    /// again.
    pub fn call(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        let (status, body) = match self.exchange(request) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset && self.buffer.is_empty() => {
                self.stream = None;
                self.exchange(request)?
            }
            other => other?,
        };
        let (head, body) = self.buffer.split_at_checked(body).unwrap_or_default();
        Ok(Answer { status, head, body })
    }

    /// The status, and where in the buffer the body starts; a chunked one is left as it came.
    fn exchange(&mut self, request: &[u8]) -> io::Result<(u16, usize)> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let stream = TcpStream::connect_timeout(&self.address, TIMEOUT)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(TIMEOUT))?;
                none.insert(stream)
            }
        };
        self.buffer.clear();
        stream.write_all(request).map_err(closed)?;
        let mut body = None;
        loop {
            if body.is_none() {
                body = find(&self.buffer, b"\r\n\r\n").map(|at| at + 4);
            }
            if let Some(start) = body {
                let head = Head::of(self.buffer.get(..start).unwrap_or_default())?;
                if head.is_complete(self.buffer.get(start..).unwrap_or_default()) {
                    if head.closes {
                        self.stream = None;
                    }
                    return Ok((head.status, start));
                }
            }
            let mut part = [0; 16 * 1024];
            let count = stream.read(&mut part).map_err(closed)?;
            if count == 0 {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            self.buffer.extend_from_slice(part.get(..count).unwrap_or_default());
        }
    }
}

/// However a closed connection shows itself, it gets one name.
fn closed(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => io::ErrorKind::ConnectionReset.into(),
        _ => error,
    }
}

struct Head {
    status: u16,
    /// None when the body comes in chunks.
    length: Option<usize>,
    closes: bool,
}

impl Head {
    fn of(head: &[u8]) -> io::Result<Self> {
        let invalid = || io::Error::from(io::ErrorKind::InvalidData);
        let text = std::str::from_utf8(head).map_err(|_| invalid())?;
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).ok_or_else(invalid)?;
        let (mut length, mut chunked, mut closes) = (Some(0), false, false);
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.parse().map_err(|_| invalid())?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                chunked = value.eq_ignore_ascii_case("chunked");
            } else if name.eq_ignore_ascii_case("connection") {
                closes = value.eq_ignore_ascii_case("close");
            }
        }
        Ok(Self { status, length: length.filter(|_| !chunked), closes })
    }

    fn is_complete(&self, body: &[u8]) -> bool {
        match self.length {
            Some(length) => body.len() >= length,
            None => body == b"0\r\n\r\n" || body.ends_with(b"\r\n0\r\n\r\n"),
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::{net::TcpListener, thread};

    use super::*;

    /// Answers each of the given texts to one request, in pieces; an empty one closes the connection.
    fn server(answers: Vec<Vec<&'static [u8]>>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for pieces in answers {
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).unwrap();
                if pieces.is_empty() {
                    stream.shutdown(std::net::Shutdown::Both).unwrap();
                    (stream, _) = listener.accept().unwrap();
                    let _ = stream.read(&mut request).unwrap();
                    stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
                }
                for piece in pieces {
                    stream.write_all(piece).unwrap();
                    thread::sleep(Duration::from_millis(5));
                }
            }
        });
        address
    }

    #[test]
    fn answers_are_read_to_their_end_however_they_are_cut() {
        let mut connection = Connection::to(server(vec![
            vec![b"HTTP/1.1 200 OK\r\nContent-", b"Length: 4\r\n\r\nab", b"cd"],
            vec![b"HTTP/1.1 401 X\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n", b"0\r\n", b"\r\n"],
            vec![b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nz"],
        ]));
        let answer = connection.call(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        assert_eq!((answer.status, answer.body), (200, b"abcd".as_slice()));
        let answer = connection.call(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        assert_eq!((answer.status, answer.whole_body().as_slice()), (401, b"ab".as_slice()));
        assert_eq!(connection.call(b"GET / HTTP/1.1\r\n\r\n").unwrap().body, b"z");
    }

    #[test]
    fn a_connection_that_was_closed_is_opened_again() {
        let answers = vec![vec![b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".as_slice()], vec![]];
        let mut connection = Connection::to(server(answers));
        assert_eq!(connection.call(b"GET / HTTP/1.1\r\n\r\n").unwrap().status, 200);
        assert_eq!(connection.call(b"GET / HTTP/1.1\r\n\r\n").unwrap().status, 204);
    }
}
