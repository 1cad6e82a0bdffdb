//! One client: who it is, what it has set, and what it is answered.

mod cursors;
mod extended;
mod login;
mod simple;

use std::collections::HashSet;
use std::sync::Arc;

use arrow_pg::datatypes::df::deserialize_parameters;
use datafusion::common::ParamValues;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;
use datafusion::sql::sqlparser::ast::{DiscardObject, Reset, Statement};
use desserte_lake::Engine;
use futures_util::stream;
use pgwire::api::portal::{Format, Portal};
use pgwire::api::results::{DataRowEncoder, FieldFormat, FieldInfo, QueryResponse, Response, Tag};
use pgwire::api::{ClientInfo, Type};
use pgwire::error::PgWireResult;
use pgwire::messages::response::TransactionStatus;
use pgwire::types::format::FormatOptions;
use tokio::sync::Mutex;

use crate::fault::{self, code, error};
use crate::run::{self, Ask};
use crate::server::Shared;
use crate::settings::Settings;
use crate::slots::Slot;
use crate::statement::{self, Prepared, refuse_writing};
use cursors::Cursors;
pub(crate) use extended::Extended;
use login::Login;

/// One client's connection.
pub(crate) struct Connection {
    shared: Arc<Shared>,
    state: Mutex<State>,
}

struct State {
    login: Login,
    member: Option<Member>,
    settings: Settings,
    cursors: Cursors,
    /// Names of the statements prepared.
    prepared: HashSet<String>,
}

/// Statements that a connection may have prepared: a driver's cache has some hundreds at the most.
const PREPARED_MAX: usize = 1_000;

/// Someone who has logged in.
struct Member {
    slot: Slot,
    engine: Arc<Engine>,
    /// Where questions are understood: the engine's functions and tables, and the user's name.
    planner: SessionContext,
}

/// A setting that ways of writing values depend on, with the value to tell.
type Told = Option<(&'static str, String)>;

impl Connection {
    pub(crate) fn new(shared: Arc<Shared>) -> Arc<Self> {
        let state = State {
            login: Login::Nobody,
            member: None,
            settings: Settings::default(),
            cursors: Cursors::default(),
            prepared: HashSet::new(),
        };
        Arc::new(Self { shared, state: Mutex::new(state) })
    }

    /// Where questions of this client are understood.
    async fn planner(&self) -> PgWireResult<SessionContext> {
        let state = self.state.lock().await;
        Ok(state.member()?.planner.clone())
    }

    /// The statements of a text.
    fn parse(&self, sql: &str) -> PgWireResult<Vec<Statement>> {
        self.shared.parser.parse(sql).map_err(|failed| error(code::SYNTAX, failed.to_string()))
    }

    /// Answers a statement; says beside it what the client must be told of a setting.
    async fn answer(
        &self,
        client: &(impl ClientInfo + Sync),
        prepared: &Prepared,
        parameters: Option<&ParamValues>,
        format: &Format,
    ) -> PgWireResult<(Response, Told)> {
        let status = client.transaction_status();
        let ends = matches!(*prepared.statement, Statement::Commit { .. } | Statement::Rollback { .. });
        if status == TransactionStatus::Error && !ends {
            let said = "current transaction is aborted, commands ignored until end of transaction block";
            return Err(error(code::FAILED_TRANSACTION, said));
        }
        let mut state = self.state.lock().await;
        if let Some(plan) = &prepared.plan {
            let mut plan = LogicalPlan::clone(plan);
            if let Some(values) = parameters {
                plan = plan.replace_params_with_values(values).map_err(|failed| fault::engine(&failed))?;
            }
            let options = Arc::new(FormatOptions::from_client_metadata(client.metadata()));
            let ask = state.ask(&self.shared, plan, prepared.reads_history, format, options)?;
            return Ok((Response::Query(run::run(ask).await?), None));
        }
        let done = |tag: &str| Ok((Response::Execution(Tag::new(tag)), None));
        match &*prepared.statement {
            Statement::Set(set) => {
                let told = state.settings.set(set)?;
                Ok((Response::Execution(Tag::new("SET")), told))
            }
            Statement::Reset(reset) => {
                match &reset.reset {
                    Reset::ALL => state.settings.reset(),
                    Reset::ConfigurationParameter(name) => {
                        state.settings.assign(&name.to_string().to_ascii_lowercase(), "default")?;
                    }
                }
                done("RESET")
            }
            Statement::ShowVariable { variable } => {
                let words: Vec<_> = variable.iter().map(|word| word.value.to_ascii_lowercase()).collect();
                let name = shown_name(&words);
                let value = state.settings.show(&name)?;
                Ok((Response::Query(one_text(&name, &value)?), None))
            }
            Statement::StartTransaction { modes, .. } => {
                refuse_writing(modes)?;
                if status == TransactionStatus::Idle {
                    return Ok((Response::TransactionStart(Tag::new("BEGIN")), None));
                }
                done("BEGIN")
            }
            Statement::Commit { .. } => {
                state.cursors.clear();
                let tag = if status == TransactionStatus::Error { "ROLLBACK" } else { "COMMIT" };
                Ok((Response::TransactionEnd(Tag::new(tag)), None))
            }
            // There is nothing to go back to, and going back to it ends a failed state.
            Statement::Rollback { savepoint: Some(_), .. } => {
                Ok((Response::TransactionStart(Tag::new("ROLLBACK")), None))
            }
            Statement::Rollback { .. } => {
                state.cursors.clear();
                Ok((Response::TransactionEnd(Tag::new("ROLLBACK")), None))
            }
            Statement::Savepoint { .. } => done("SAVEPOINT"),
            Statement::ReleaseSavepoint { .. } => done("RELEASE"),
            Statement::Discard { object_type } => {
                if *object_type == DiscardObject::ALL {
                    state.settings.reset();
                    state.cursors.clear();
                }
                done(&format!("DISCARD {object_type}"))
            }
            Statement::Deallocate { .. } => done("DEALLOCATE"),
            Statement::UNLISTEN { .. } => done("UNLISTEN"),
            Statement::Declare { stmts } => {
                for declared in stmts {
                    let (name, query, format) = cursors::understood(declared)?;
                    let planner = state.member()?.planner.clone();
                    let prepared = statement::prepare(&planner, query).await?;
                    let options = Arc::new(FormatOptions::from_client_metadata(client.metadata()));
                    let plan = prepared.plan.as_ref().map(|plan| LogicalPlan::clone(plan));
                    let plan = plan.ok_or_else(|| error(code::SYNTAX, "a cursor is for a SELECT"))?;
                    state.cursors.room_for(&name)?;
                    let ask = state.ask(&self.shared, plan, prepared.reads_history, &format, options)?;
                    let rows = run::run(ask).await?;
                    state.cursors.open(name, rows);
                }
                done("DECLARE CURSOR")
            }
            Statement::Fetch { name, direction, .. } => {
                Ok((Response::Query(state.cursors.fetch(&name.value, direction).await?), None))
            }
            Statement::Close { cursor } => {
                state.cursors.close(cursor)?;
                done("CLOSE CURSOR")
            }
            other => Err(error(code::NOT_SUPPORTED, format!("{other} is not supported"))),
        }
    }

    /// The columns of what a statement gives; none if it gives no rows.
    async fn columns(&self, prepared: &Prepared, format: &Format) -> PgWireResult<Vec<FieldInfo>> {
        match (&prepared.plan, &*prepared.statement) {
            (Some(plan), _) => run::fields(plan, format, None),
            (None, Statement::ShowVariable { variable }) => {
                let words: Vec<_> = variable.iter().map(|word| word.value.to_ascii_lowercase()).collect();
                Ok(vec![text_field(&shown_name(&words))])
            }
            (None, Statement::Fetch { name, .. }) => {
                Ok(self.state.lock().await.cursors.columns(&name.value)?.to_vec())
            }
            (None, _) => Ok(Vec::new()),
        }
    }
}

impl State {
    fn member(&self) -> PgWireResult<&Member> {
        self.member.as_ref().ok_or_else(|| fault::fatal(code::INVALID_AUTHORIZATION, "nobody has logged in"))
    }

    /// Takes note of a prepared statement's name, if there is room for another.
    fn remember(&mut self, name: &str) -> PgWireResult<()> {
        if self.prepared.len() >= PREPARED_MAX && !self.prepared.contains(name) {
            let said = format!("a connection may have {PREPARED_MAX} statements prepared: close some first");
            return Err(error(code::LIMIT_EXCEEDED, said));
        }
        self.prepared.insert(name.to_owned());
        Ok(())
    }

    fn ask<'a>(
        &'a self,
        shared: &'a Arc<Shared>,
        plan: LogicalPlan,
        reads_history: bool,
        format: &'a Format,
        options: Arc<FormatOptions>,
    ) -> PgWireResult<Ask<'a>> {
        let member = self.member()?;
        let mut limits = shared.config.limits();
        limits.time = limits.time.min(self.settings.timeout().or(limits.time));
        let as_of = self.settings.as_of();
        let cancel = member.slot.cancel.clone();
        Ok(Ask {
            shared,
            engine: &member.engine,
            plan,
            reads_history,
            limits,
            as_of,
            cancel,
            format,
            options,
        })
    }
}

/// The name under which a setting is kept that SQL has words of its own for.
fn shown_name(words: &[String]) -> String {
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["time", "zone"] => "timezone".to_owned(),
        ["transaction", "isolation", "level"] => "transaction_isolation".to_owned(),
        ["session", "authorization"] => "session_authorization".to_owned(),
        _ => words.join("."),
    }
}

fn text_field(name: &str) -> FieldInfo {
    FieldInfo::new(name.to_owned(), None, None, Type::TEXT, FieldFormat::Text)
}

/// An answer of one text.
fn one_text(name: &str, value: &str) -> PgWireResult<QueryResponse> {
    let fields = Arc::new(vec![text_field(name)]);
    let mut encoder = DataRowEncoder::new(fields.clone());
    encoder.encode_field(&Some(value))?;
    let row = encoder.take_row();
    let mut response = QueryResponse::new(fields, stream::iter([Ok(row)]));
    response.set_command_tag("SHOW");
    Ok(response)
}

/// The values that a client has bound to a statement.
fn bound(portal: &Portal<Prepared>) -> PgWireResult<ParamValues> {
    let kinds: Vec<_> = portal.statement.statement.parameters.iter().map(Option::as_ref).collect();
    deserialize_parameters(portal, &kinds)
}
