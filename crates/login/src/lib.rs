//! Who somebody is: a password that only its owner knows, or what an OpenID provider says of them.
//!
//! What somebody may do is not decided here, and nothing is kept here.

pub mod openid;
pub mod password;
