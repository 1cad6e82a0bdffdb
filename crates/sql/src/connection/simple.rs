//! Questions as text.

use std::fmt::Debug;

use async_trait::async_trait;
use futures_util::{Sink, SinkExt as _};
use pgwire::api::portal::Format;
use pgwire::api::query::{
    SimpleQueryHandler, send_execution_response, send_query_response, send_ready_for_query,
};
use pgwire::api::results::Response;
use pgwire::api::store::PortalStore;
use pgwire::api::{ClientInfo, ClientPortalStore, PgWireConnectionState};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::response::{EmptyQueryResponse, TransactionStatus};
use pgwire::messages::simplequery::Query;
use pgwire::messages::startup::ParameterStatus;

use super::Connection;
use crate::fault::{code, error};
use crate::statement::prepare;

#[async_trait]
impl SimpleQueryHandler for Connection {
    /// Each statement is answered to its last row before the next begins: a place among those that run is taken once.
    async fn on_query<C>(&self, client: &mut C, query: Query) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        if !matches!(client.state(), PgWireConnectionState::ReadyForQuery) {
            return Err(PgWireError::NotReadyForQuery);
        }
        client.set_state(PgWireConnectionState::QueryInProgress);
        let planner = self.planner().await?;
        let statements = self.parse(&query.query)?;
        if statements.is_empty() {
            client.feed(PgWireBackendMessage::EmptyQueryResponse(EmptyQueryResponse::new())).await?;
        }
        for statement in statements {
            let prepared = prepare(&planner, statement).await?;
            if !prepared.parameters.is_empty() {
                return Err(error("42P02", "there is no parameter $1: only prepared statements have some"));
            }
            let (response, told) = self.answer(&*client, &prepared, None, &Format::UnifiedText).await?;
            if let Some((name, value)) = told {
                client.metadata_mut().insert(name.to_owned(), value.clone());
                let status = ParameterStatus::new(name.to_owned(), value);
                client.feed(PgWireBackendMessage::ParameterStatus(status)).await?;
            }
            match response {
                Response::Query(rows) => send_query_response(client, rows, true).await?,
                Response::Execution(tag) => send_execution_response(client, tag).await?,
                Response::TransactionStart(tag) => {
                    send_execution_response(client, tag).await?;
                    client.set_transaction_status(TransactionStatus::Transaction);
                }
                Response::TransactionEnd(tag) => {
                    send_execution_response(client, tag).await?;
                    client.set_transaction_status(TransactionStatus::Idle);
                }
                _ => return Err(error(code::INTERNAL, "this answer is not for a question as text")),
            }
        }
        client.set_state(PgWireConnectionState::ReadyForQuery);
        send_ready_for_query(client, client.transaction_status()).await
    }

    async fn do_query<C>(&self, _client: &mut C, _query: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        // `on_query` does it all.
        Err(error(code::INTERNAL, "answered elsewhere"))
    }
}
