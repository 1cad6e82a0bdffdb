//! What a statement is: a question, something for the connection itself, or an attempt to change the history.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement as EngineStatement;
use datafusion::sql::sqlparser::ast::{
    Query, SetExpr, Statement, TransactionAccessMode, TransactionMode, visit_relations,
};
use desserte_lake::{only_questions, reads_history};
use pgwire::error::PgWireResult;

use crate::fault::{advise, code, engine, error};

/// A statement, understood.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub(crate) statement: Arc<Statement>,
    /// The plan, if it is a question.
    pub(crate) plan: Option<Arc<LogicalPlan>>,
    /// Kinds of its parameters, as far as its text tells.
    pub(crate) parameters: Arc<Vec<Option<DataType>>>,
    /// Whether it reads the history, or nothing but the catalogue.
    pub(crate) reads_history: bool,
}

/// Understands a statement; nothing that changes anything gets through.
pub(crate) async fn prepare(planner: &SessionContext, statement: Statement) -> PgWireResult<Prepared> {
    let plan = match &statement {
        Statement::Query(query) => {
            refuse_locks(query)?;
            Some(plan(planner, statement.clone()).await?)
        }
        Statement::Explain { .. } | Statement::ExplainTable { .. } => {
            Some(plan(planner, statement.clone()).await?)
        }
        _ if is_for_the_connection(&statement) => None,
        other => return Err(refuse(other)),
    };
    let parameters = match &plan {
        Some(plan) => parameters(plan)?,
        None => Vec::new(),
    };
    Ok(Prepared {
        reads_history: plan.as_ref().is_some_and(reads_history),
        statement: Arc::new(statement),
        plan: plan.map(Arc::new),
        parameters: Arc::new(parameters),
    })
}

/// The plan of a question.
pub(crate) async fn plan(planner: &SessionContext, statement: Statement) -> PgWireResult<LogicalPlan> {
    let hidden = hidden_table(planner, &statement);
    let state = planner.state();
    let plan = match state.statement_to_plan(EngineStatement::Statement(Box::new(statement))).await {
        Ok(plan) => plan,
        Err(failed) => return Err(hidden.map_or_else(|| engine(&failed), |table| not_for_this_role(&table))),
    };
    only_questions().verify_plan(&plan).map_err(|failed| engine(&failed))?;
    Ok(plan)
}

/// A table of the history that the user's role does not see.
fn hidden_table(planner: &SessionContext, statement: &Statement) -> Option<String> {
    let found = visit_relations(statement, |relation| {
        let name =
            relation.0.last().and_then(|part| part.as_ident()).map(|ident| ident.value.to_ascii_lowercase());
        match name {
            Some(name)
                if desserte_lake::is_table(&name) && !planner.table_exist(name.as_str()).unwrap_or(false) =>
            {
                ControlFlow::Break(name)
            }
            _ => ControlFlow::Continue(()),
        }
    });
    match found {
        ControlFlow::Break(name) => Some(name),
        ControlFlow::Continue(()) => None,
    }
}

fn not_for_this_role(table: &str) -> pgwire::error::PgWireError {
    advise(
        code::NOT_ALLOWED,
        format!("permission denied for table {table}"),
        "the role \"public\" reads commune_month_throughput, commune_month_latency, service_month and equity_month",
    )
}

/// `FOR UPDATE` and `INTO` are not refused by the engine, which does not know what they mean.
fn refuse_locks(query: &Query) -> PgWireResult<()> {
    let into = matches!(&*query.body, SetExpr::Select(select) if select.into.is_some());
    if into || !query.locks.is_empty() {
        let what = if into { "SELECT INTO" } else { "SELECT FOR UPDATE" };
        return Err(read_only(what));
    }
    Ok(())
}

fn read_only(what: &str) -> pgwire::error::PgWireError {
    error(
        code::READ_ONLY,
        format!("cannot execute {what} in a read-only transaction: the history is to be read only"),
    )
}

/// Why a statement that is neither is not executed.
fn refuse(statement: &Statement) -> pgwire::error::PgWireError {
    let text = statement.to_string();
    let verb: String = text.split_whitespace().take(1).collect::<Vec<_>>().join(" ").to_ascii_uppercase();
    match statement {
        Statement::Copy { to: true, .. } => advise(
            code::NOT_SUPPORTED,
            "COPY TO is not supported",
            "use SELECT, psql's \\copy with --csv, or `desserte query --format parquet`",
        ),
        Statement::Prepare { .. } | Statement::Execute { .. } => {
            error(code::NOT_SUPPORTED, "PREPARE is not supported in SQL; drivers prepare by the protocol")
        }
        Statement::ShowTables { .. } | Statement::ShowColumns { .. } | Statement::Use(_) => error(
            code::NOT_SUPPORTED,
            format!("{verb} is not supported; information_schema tells what there is"),
        ),
        _ => read_only(&verb),
    }
}

fn is_for_the_connection(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::Set(_)
            | Statement::Reset(_)
            | Statement::ShowVariable { .. }
            | Statement::StartTransaction { .. }
            | Statement::Commit { .. }
            | Statement::Rollback { .. }
            | Statement::Savepoint { .. }
            | Statement::ReleaseSavepoint { .. }
            | Statement::Discard { .. }
            | Statement::Deallocate { .. }
            | Statement::Declare { .. }
            | Statement::Fetch { .. }
            | Statement::Close { .. }
            | Statement::UNLISTEN { .. }
    )
}

/// Refuses a transaction that would write.
pub(crate) fn refuse_writing(modes: &[TransactionMode]) -> PgWireResult<()> {
    if modes.contains(&TransactionMode::AccessMode(TransactionAccessMode::ReadWrite)) {
        return Err(error(
            code::READ_ONLY,
            "cannot begin a transaction that writes: the history is to be read only",
        ));
    }
    Ok(())
}

/// The kind of each parameter, from what it is compared with or cast to.
fn parameters(plan: &LogicalPlan) -> PgWireResult<Vec<Option<DataType>>> {
    let told = plan.get_parameter_types().map_err(|failed| engine(&failed))?;
    let mut kinds: BTreeMap<usize, Option<DataType>> = BTreeMap::new();
    for (name, kind) in told {
        kinds.insert(number(&name)?, kind);
    }
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                if let Expr::Cast(cast) = part
                    && let Expr::Placeholder(placeholder) = &*cast.expr
                    && let Ok(number) = number(&placeholder.id)
                {
                    kinds.entry(number).or_default().get_or_insert_with(|| cast.field.data_type().clone());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })
    .map_err(|failed| engine(&failed))?;
    let count = kinds.keys().next_back().copied().unwrap_or(0);
    Ok((1..=count).map(|number| kinds.get(&number).cloned().flatten()).collect())
}

/// Most parameters of a statement, as the protocol counts them in two octets.
const PARAMETERS_MAX: usize = u16::MAX as usize;

fn number(name: &str) -> PgWireResult<usize> {
    let number = name.strip_prefix('$').and_then(|digits| digits.parse().ok());
    number
        .filter(|number| (1..=PARAMETERS_MAX).contains(number))
        .ok_or_else(|| error(code::SYNTAX, format!("{name:?} is no parameter: they are $1, $2 and so on")))
}
