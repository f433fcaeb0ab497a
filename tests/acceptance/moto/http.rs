//! The part of HTTP/1.1 that is needed between the function and two servers.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// A request or a response: its header lines and its body.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) first_line: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Message {
    pub(super) fn request(first_line: &str, headers: &[(&str, &str)], body: &str) -> Self {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            first_line: format!("{first_line} HTTP/1.1"),
            headers: headers.iter().map(own).collect(),
            body: body.as_bytes().to_vec(),
        }
    }

    /// Reads a request from a client that waits for the response.
    pub(super) fn read(stream: &TcpStream) -> io::Result<Self> {
        let mut reader = BufReader::new(stream);
        let mut message = read_head(&mut reader)?;
        let length = message.header("content-length").and_then(|text| text.parse().ok());
        message.body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut message.body)?;
        Ok(message)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn set_header(&mut self, name: &str, value: impl Into<String>) {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
    }

    /// Sends the request to a server and returns the complete response unchanged.
    pub(super) fn send(mut self, to: SocketAddr) -> io::Result<Vec<u8>> {
        let length = self.body.len().to_string();
        self.set_header("connection", "close");
        self.set_header("content-length", length);
        if self.header("host").is_none() {
            self.set_header("host", to.to_string());
        }
        let mut head = format!("{}\r\n", self.first_line);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut stream = TcpStream::connect(to)?;
        stream.write_all(format!("{head}\r\n").as_bytes())?;
        stream.write_all(&self.body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    }
}

/// The status and the body of a response.
pub(super) fn parts(answer: &[u8]) -> (u16, String) {
    let text = String::from_utf8_lossy(answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

fn read_head(reader: &mut impl BufRead) -> io::Result<Message> {
    let mut line = || -> io::Result<String> {
        let mut text = String::new();
        reader.read_line(&mut text)?;
        Ok(text.trim_end().to_owned())
    };
    let first_line = line()?;
    let mut headers = Vec::new();
    loop {
        match line()?.split_once(':') {
            Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
            None => return Ok(Message { first_line, headers, body: Vec::new() }),
        }
    }
}
