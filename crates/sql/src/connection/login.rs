//! Who is there: SCRAM-SHA-256, and nothing else.

use std::fmt::Debug;
use std::mem;
use std::time::Duration;

use async_trait::async_trait;
use datafusion::prelude::SessionContext;
use desserte_lake::CATALOG;
use futures_util::{Sink, SinkExt as _};
use pgwire::api::auth::{
    DefaultServerParameterProvider, StartupHandler, finish_authentication, protocol_negotiation,
    save_startup_parameters_to_metadata,
};
use pgwire::api::{ClientInfo, METADATA_DATABASE, METADATA_USER, PgWireConnectionState};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::startup::{Authentication, PasswordMessageFamily, SecretKey, Startup};
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};

use super::{Connection, Member};
use crate::catalog;
use crate::fault::{code, fatal};
use crate::scram::{Exchange, Refused, Verifier};
use crate::server::Shared;
use crate::settings::SERVER_VERSION;
use crate::slots::Full;

const MECHANISM: &str = "SCRAM-SHA-256";

/// Time that a wrong password costs.
const WRONG_PASSWORD_DELAY: Duration = Duration::from_millis(500);

/// How far someone has logged in.
pub(super) enum Login {
    /// Nothing was said yet.
    Nobody,
    /// A name was said.
    Asked(String),
    /// The exchange has begun.
    Begun(String, Box<Exchange>),
    /// It is over.
    Done,
}

#[async_trait]
impl StartupHandler for Connection {
    async fn on_startup<C>(&self, client: &mut C, message: PgWireFrontendMessage) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let mut state = self.state.lock().await;
        let login = mem::replace(&mut state.login, Login::Done);
        match (login, message) {
            (Login::Nobody, PgWireFrontendMessage::Startup(startup)) => {
                state.login = Login::Asked(hello(client, &startup).await?);
                client.set_state(PgWireConnectionState::AuthenticationInProgress);
                let offer = Authentication::SASL(vec![MECHANISM.to_owned()]);
                client.send(PgWireBackendMessage::Authentication(offer)).await?;
            }
            (Login::Asked(user), PgWireFrontendMessage::PasswordMessageFamily(message)) => {
                let (exchange, answer) = self.begin(&user, message)?;
                state.login = Login::Begun(user, Box::new(exchange));
                let answer = Authentication::SASLContinue(answer.into());
                client.send(PgWireBackendMessage::Authentication(answer)).await?;
            }
            (Login::Begun(user, exchange), PgWireFrontendMessage::PasswordMessageFamily(message)) => {
                let last = message.into_sasl_response()?;
                let proof = match exchange.finish(&last.data) {
                    Ok(proof) => proof,
                    Err(why) => {
                        tracing::warn!(user, address = %client.socket_addr(), %why, "a login was refused");
                        tokio::time::sleep(WRONG_PASSWORD_DELAY).await;
                        return Err(refused(&user, why));
                    }
                };
                let (member, secret) = self.member(&user)?;
                client.set_pid_and_secret_key(member.slot.number, secret);
                state.member = Some(member);
                tracing::info!(user, address = %client.socket_addr(), secure = client.is_secure(), "a client logged in");
                let proof = Authentication::SASLFinal(proof.into());
                client.feed(PgWireBackendMessage::Authentication(proof)).await?;
                finish_authentication(client, &parameters()).await?;
            }
            _ => return Err(fatal(code::PROTOCOL, "this message is out of place before a login")),
        }
        Ok(())
    }
}

/// Reads who is there and what is wanted; gives the user's name.
async fn hello<C>(client: &mut C, startup: &Startup) -> PgWireResult<String>
where
    C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
    C::Error: Debug,
    PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
{
    protocol_negotiation(client, startup).await?;
    save_startup_parameters_to_metadata(client, startup);
    if !client.is_secure() && !client.socket_addr().ip().is_loopback() {
        return Err(fatal(
            code::INVALID_AUTHORIZATION,
            "TLS is needed from other machines: connect with sslmode=verify-full",
        ));
    }
    let parameter = |name: &str| client.metadata().get(name).filter(|value| !value.is_empty()).cloned();
    let user = parameter(METADATA_USER)
        .ok_or_else(|| fatal(code::INVALID_AUTHORIZATION, "no user name was given"))?;
    match parameter(METADATA_DATABASE) {
        Some(database) if database != CATALOG => {
            let said = format!("database \"{database}\" does not exist; there is one here: {CATALOG}");
            Err(fatal(code::NO_SUCH_DATABASE, said))
        }
        _ => Ok(user),
    }
}

fn refused(user: &str, why: Refused) -> PgWireError {
    match why {
        Refused::WrongPassword => {
            fatal(code::INVALID_PASSWORD, format!("password authentication failed for user \"{user}\""))
        }
        Refused::Malformed | Refused::ChannelBinding => fatal(code::PROTOCOL, why.to_string()),
    }
}

impl Connection {
    fn begin(&self, user: &str, message: PasswordMessageFamily) -> PgWireResult<(Exchange, String)> {
        let first = message.into_sasl_initial_response()?;
        if first.auth_method != MECHANISM {
            return Err(fatal(code::PROTOCOL, format!("only {MECHANISM} is offered")));
        }
        let known = self.shared.config.users.iter().find(|known| known.name == user);
        let verifier = known
            .map_or_else(|| Verifier::of_nobody(user, &self.shared.nobody), |known| known.verifier.0.clone());
        let chance = Shared::chance()?;
        Exchange::begin(first.data.as_deref().unwrap_or_default(), verifier, chance)
            .map_err(|why| refused(user, why))
    }

    /// Gives a place to someone who has proved to be `user`.
    fn member(&self, user: &str) -> PgWireResult<(Member, SecretKey)> {
        let shared = &self.shared;
        let gone = || fatal(code::INVALID_AUTHORIZATION, format!("there is no user \"{user}\""));
        let role = shared.config.users.iter().find(|known| known.name == user).ok_or_else(gone)?.role;
        let engine = shared.engines.get(&role.into()).ok_or_else(gone)?.clone();
        let secret = SecretKey::I32(i32::from_be_bytes(Shared::chance()?));
        let slot = shared
            .slots
            .take(user, secret.clone(), shared.config.connections, shared.config.connections_per_user)
            .map_err(|full| {
                let said = match full {
                    Full::All(most) => format!("sorry, too many clients already: {most} connections are open (sql.connections)"),
                    Full::User(most) => {
                        format!("too many connections for user \"{user}\": {most} are open (sql.connections_per_user)")
                    }
                };
                fatal(code::TOO_MANY_CONNECTIONS, said)
            })?;
        let planner = SessionContext::new_with_state(engine.template().state());
        planner.register_udf(catalog::session_user(user));
        Ok((Member { slot, engine, planner }, secret))
    }
}

/// What clients are told of the server.
fn parameters() -> DefaultServerParameterProvider {
    let mut parameters = DefaultServerParameterProvider::default();
    parameters.server_version = SERVER_VERSION.to_owned();
    parameters.is_superuser = false;
    parameters.default_transaction_read_only = true;
    parameters.time_zone = "UTC".to_owned();
    parameters
}
