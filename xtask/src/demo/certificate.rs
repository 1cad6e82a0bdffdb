//! A private authority and one server certificate, for the demonstration alone.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::shell;

pub(crate) struct Certificate {
    pub(crate) authority: String,
    pub(crate) server: String,
    pub(crate) key: String,
}

/// Makes them with OpenSSL below `folder`; they are valid for a week.
pub(crate) fn make(folder: &Path, address: Ipv4Addr) -> Result<Certificate> {
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let (authority, authority_key) = (path("authority.pem"), path("authority.key"));
    let (server, key, request, extensions) =
        (path("server.pem"), path("server.key"), path("server.csr"), path("san.cnf"));
    let openssl = |words: &[&str]| shell::output(Command::new("openssl").args(words)).map(drop);
    let new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    openssl(
        &[
            &["req", "-x509", "-days", "7", "-subj", "/CN=Desserte demonstration authority"][..],
            &["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"],
            &new_key,
            &["-keyout", &authority_key, "-out", &authority],
        ]
        .concat(),
    )?;
    openssl(
        &[
            &["req", "-subj", "/CN=Desserte demonstration server"][..],
            &new_key,
            &["-keyout", &key, "-out", &request],
        ]
        .concat(),
    )?;
    fs::write(&extensions, format!("subjectAltName=IP:{address}\nbasicConstraints=CA:FALSE\n"))?;
    openssl(&[
        "x509",
        "-req",
        "-in",
        &request,
        "-CA",
        &authority,
        "-CAkey",
        &authority_key,
        "-CAcreateserial",
        "-days",
        "7",
        "-extfile",
        &extensions,
        "-out",
        &server,
    ])?;
    Ok(Certificate { authority, server, key })
}
