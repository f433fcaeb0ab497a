//! A TCP proxy with the latency of a network.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// Opens a proxy at the IP address of the target; returns the proxy's own address.
pub(crate) async fn open(target: SocketAddr, round_trip: Duration) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((target.ip(), 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(async move {
                // Loopback connects at once; a network needs a round trip for it.
                sleep(round_trip).await;
                let server = TcpStream::connect(target).await?;
                client.set_nodelay(true)?;
                server.set_nodelay(true)?;
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::try_join!(
                    forward(from_client, to_server, round_trip / 2),
                    forward(from_server, to_client, round_trip / 2),
                )
            });
        }
    });
    Ok(address)
}

async fn forward(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    delay: Duration,
) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(64 * 1024);
    while from.read_buf(&mut bytes).await? > 0 {
        sleep(delay).await;
        to.write_all(&bytes).await?;
        bytes.clear();
    }
    to.shutdown().await
}
