//! The live source reads the same from moto as from the lab.

use trailseal_logs::live::Mode;

use super::s3::{both, credentials};
use crate::acceptance::log_files::bucket::{PATIENCE, counted, read_at, retry_policy};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_files_are_read_from_the_lab_and_from_moto() {
    let both = both().await;
    let moto = format!("http://{}", both.moto.address);
    // All files are in one month; the change of the encryption is searched in each of four folders.
    for (mode, files) in [(Mode::Sample, 9..32), (Mode::Monthly, 9..32), (Mode::All, 32..33)] {
        let (lab, of_lab) = (both.lab.url(), credentials(&both.lab));
        let of_lab = read_at(&lab, of_lab, mode, retry_policy(PATIENCE)).await.unwrap();
        let of_moto = aws_credential_types::Credentials::new("any", "any", None, None, "moto");
        let of_moto = read_at(&moto, of_moto, mode, retry_policy(PATIENCE)).await.unwrap();
        for outcome in [&of_lab, &of_moto] {
            assert!(!outcome.is_partial(), "{mode:?}: {:?}", outcome.gaps);
        }
        assert_eq!(counted(&of_moto), counted(&of_lab), "{mode:?}");
        assert_eq!(of_moto.requests, of_lab.requests, "{mode:?}");
        let read: u64 = counted(&of_lab).iter().map(|(_, _, _, files, ..)| files).sum();
        assert!(files.contains(&read), "{mode:?}: {read}");
        assert_eq!(of_moto.coverage.unrecognized_examples, of_lab.coverage.unrecognized_examples);
    }
}
