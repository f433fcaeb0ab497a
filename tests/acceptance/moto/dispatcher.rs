//! The endpoint of the function: forwards calls of AWS Config to the lab, and all others to moto.

use std::io::Write;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use trailseal_lab::Credentials;

use super::http::Message;

/// Both servers, and the lab's credentials for the member account.
#[derive(Clone)]
pub(super) struct Dispatcher {
    pub(super) moto: SocketAddr,
    pub(super) lab: SocketAddr,
    /// The lab does not know the credentials that moto issues for a session of the member's role,
    /// so requests signed with them are forwarded to the lab with these.
    pub(super) member: Credentials,
    answered_by_moto: Arc<Mutex<Vec<String>>>,
}

impl Dispatcher {
    pub(super) fn new(moto: SocketAddr, lab_url: &str, member: Credentials) -> Self {
        let lab = lab_url.strip_prefix("http://").unwrap().parse().unwrap();
        Self { moto, lab, member, answered_by_moto: Arc::default() }
    }

    /// Listens until the test ends, and returns the endpoint.
    pub(super) fn listen(&self) -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let dispatcher = self.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let dispatcher = dispatcher.clone();
                thread::spawn(move || dispatcher.answer(client));
            }
        });
        url
    }

    /// Returns and clears the operations that moto has served.
    pub(super) fn take_answered_by_moto(&self) -> Vec<String> {
        std::mem::take(&mut *self.answered_by_moto.lock().unwrap())
    }

    fn answer(&self, mut client: TcpStream) {
        let Ok(mut request) = Message::read(&client) else { return };
        let name = operation(&request);
        let answer = match name.strip_prefix("StarlingDoveService.") {
            Some(_) => {
                self.sign_as_the_lab_knows_it(&mut request);
                request.send(self.lab)
            }
            None => {
                self.answered_by_moto.lock().unwrap().push(name);
                request.send(self.moto)
            }
        };
        let sent = answer.and_then(|answer| client.write_all(&answer));
        let _closed_already = sent.and_then(|()| client.shutdown(Shutdown::Both));
    }

    fn sign_as_the_lab_knows_it(&self, request: &mut Message) {
        let signed = request.header("authorization").unwrap_or_default().to_owned();
        let Some((before, rest)) = signed.split_once("Credential=") else { return };
        let Some((key, rest)) = rest.split_once('/') else { return };
        // The lab's own access keys begin like this.
        if key.starts_with("ASIALAB0") {
            return;
        }
        let Credentials { access_key_id, session_token, .. } = &self.member;
        request.set_header("authorization", format!("{before}Credential={access_key_id}/{rest}"));
        request.set_header("x-amz-security-token", session_token.as_str());
    }
}

/// The operation: `X-Amz-Target`, the action of STS, or the method.
fn operation(request: &Message) -> String {
    if let Some(target) = request.header("x-amz-target") {
        return target.to_owned();
    }
    let body = String::from_utf8_lossy(&request.body);
    let action = body.split('&').find_map(|pair| pair.strip_prefix("Action="));
    let method = request.first_line.split(' ').next().unwrap_or_default();
    action.unwrap_or(method).to_owned()
}
