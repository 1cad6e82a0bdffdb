//! Why a change of probes or codes was not made.

use desserte_registry::RegistryError;
use desserte_store::StoreError;

use crate::problem::ApiError;

/// The register's or the store's refusal or failure.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The register's.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl From<RegisterError> for ApiError {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Store(error) => error.into(),
            RegisterError::Registry(error) => Self::unavailable(
                "the register of probes that this collector shares with others cannot be used now; nothing was changed, or asking again \
                 is answered rightly: come back in a minute. What probes measure is taken in meanwhile",
            )
            .because(error),
        }
    }
}
