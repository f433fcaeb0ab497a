//! Stands where the function looks for AWS: what is asked of AWS Config goes to the lab, all else
//! to moto.

use std::io::Write;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use trailseal_lab::Credentials;

use super::http::Message;

/// Both servers, and what to do about the credentials that each of them hands out.
#[derive(Clone)]
pub(super) struct Dispatcher {
    pub(super) moto: SocketAddr,
    pub(super) lab: SocketAddr,
    /// The lab does not know the credentials that moto gives to a session of the member's role: a
    /// request that is signed with them reaches the lab as one of the member's.
    pub(super) member: Credentials,
    answered_by_moto: Arc<Mutex<Vec<String>>>,
}

impl Dispatcher {
    pub(super) fn new(moto: SocketAddr, lab_url: &str, member: Credentials) -> Self {
        let lab = lab_url.strip_prefix("http://").unwrap().parse().unwrap();
        Self { moto, lab, member, answered_by_moto: Arc::default() }
    }

    /// Listens until the test ends, and gives the endpoint.
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

    /// The operations that moto answered since the last time.
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
        // The lab's own begin like this.
        if key.starts_with("ASIALAB0") {
            return;
        }
        let Credentials { access_key_id, session_token, .. } = &self.member;
        request.set_header("authorization", format!("{before}Credential={access_key_id}/{rest}"));
        request.set_header("x-amz-security-token", session_token.as_str());
    }
}

/// What is asked for: `X-Amz-Target`, STS's action, or the method.
fn operation(request: &Message) -> String {
    if let Some(target) = request.header("x-amz-target") {
        return target.to_owned();
    }
    let body = String::from_utf8_lossy(&request.body);
    let action = body.split('&').find_map(|pair| pair.strip_prefix("Action="));
    let method = request.first_line.split(' ').next().unwrap_or_default();
    action.unwrap_or(method).to_owned()
}
