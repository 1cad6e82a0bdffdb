//! A private authority and a server certificate, made with OpenSSL.

use std::path::Path;
use std::process::Command;

/// Files of a private authority and of one certificate that it signed.
#[derive(Debug)]
pub struct Certificate {
    /// The authority, in PEM.
    pub authority: String,
    /// The server's certificate, in PEM.
    pub server: String,
    /// Its key, in PEM.
    pub key: String,
}

/// Makes them in `folder` for the server at `address`, valid for two days.
///
/// # Panics
/// When OpenSSL fails.
#[must_use]
pub fn certificate(folder: &Path, address: &str) -> Certificate {
    let new_key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    let script = format!(
        "openssl req -x509 -days 2 -subj /CN=test -addext basicConstraints=critical,CA:TRUE {new_key} \
         -keyout ca.key -out ca.pem && openssl req -subj /CN=server {new_key} -keyout server.key -out server.csr && \
         printf 'subjectAltName=IP:{address}' > san && openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key \
         -CAcreateserial -days 2 -extfile san -out server.pem"
    );
    let output = Command::new("sh").args(["-c", &script]).current_dir(folder).output().expect("a shell");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let file = |name: &str| folder.join(name).to_string_lossy().into_owned();
    Certificate { authority: file("ca.pem"), server: file("server.pem"), key: file("server.key") }
}
