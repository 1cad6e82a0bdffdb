//! Months of indicators as tables: what the collector keeps for whoever asks, as the API tells it.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::datasource::TableType;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use desserte_indicators::figures::Figure;
use desserte_indicators::{Kept, Measure, Place, months};

use crate::Moment;

/// A table of indicators. Everything in it may be read by anyone: what may not was left out when the month was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IndicatorTable {
    /// A row for each service indicator of a place.
    Service,
    /// A row for each number about how a service is spread.
    Equity,
}

use IndicatorTable::{Equity, Service};

impl IndicatorTable {
    pub(crate) const ALL: [Self; 2] = [Service, Equity];

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Service => "service_month",
            Equity => "equity_month",
        }
    }

    fn columns(self) -> Vec<Column> {
        let shared = [
            text("month", |row| Some(row.month)),
            Column::Flag("demonstration", |row| row.kept.demonstration),
            text("method", |row| Some(&row.kept.method)),
            text("parameters", |row| Some(row.parameters)),
        ];
        let own = match self {
            Service => vec![
                text("level", |row| Some(&row.place?.level)),
                text("code", |row| Some(&row.place?.code)),
                text("name", |row| Some(&row.place?.name)),
                Column::Flag("may_over_represent_centres", |row| {
                    row.place.is_some_and(|place| place.may_over_represent_centres)
                }),
                text("indicator", |row| Some(&row.figure?.indicator)),
                text("which", |row| row.figure?.of.as_deref()),
                text("unit", |row| Some(&row.figure?.unit)),
                text("state", |row| Some(&row.figure?.state)),
                text("lacks", |row| Some(row.lacks)),
                Column::Number("value", |row| row.figure?.value),
                Column::Number("low", |row| row.figure?.low),
                Column::Number("high", |row| row.figure?.high),
            ],
            Equity => vec![
                text("subject", |row| Some(&row.measure?.subject)),
                text("which", |row| Some(&row.measure?.of)),
                text("unit", |row| Some(&row.measure?.unit)),
                Column::Number("line", |row| Some(row.measure?.line)),
                Column::Number("top_coded_at", |row| row.measure?.top_coded_at),
                text("class", |row| row.measure?.class.as_deref()),
                text("group_name", |row| row.measure?.group.as_deref()),
                text("versus", |row| row.measure?.versus.as_deref()),
                text("figure", |row| Some(&row.measure?.figure)),
                text("state", |row| Some(&row.measure?.state)),
                text("lacks", |row| Some(row.lacks)),
                Column::Number("value", |row| row.measure?.value),
                Column::Number("low", |row| row.measure?.low),
                Column::Number("high", |row| row.measure?.high),
                text("verdict", |row| row.measure?.verdict.as_deref()),
                Column::Count("seed", |row| i64::try_from(row.kept.seed).ok()),
            ],
        };
        let [month, rest @ ..] = shared;
        std::iter::once(month).chain(own).chain(rest).collect()
    }

    fn schema(self) -> SchemaRef {
        Arc::new(Schema::new(self.columns().iter().map(Column::field).collect::<Vec<_>>()))
    }

    /// All rows of the months that are kept.
    fn rows(self, data: &Path) -> Result<RecordBatch> {
        let failed = |error: desserte_indicators::KeptError| exec_datafusion_err!("{error}");
        let mut kept = Vec::new();
        for month in months(data).map_err(failed)? {
            kept.extend(Kept::read(data, month).map_err(failed)?);
        }
        let months: Vec<(String, String, &Kept)> =
            kept.iter().map(|kept| (kept.month.to_string(), kept.parameters.join(" "), kept)).collect();
        let mut lacks = Vec::new();
        for (.., kept) in &months {
            match self {
                Service => lacks.extend(figures(kept).map(|(_, figure)| figure.lacks.join(" "))),
                Equity => lacks.extend(kept.measures.iter().map(|measure| measure.lacks.join(" "))),
            }
        }
        let (mut rows, mut lacks) = (Vec::with_capacity(lacks.len()), lacks.iter());
        for (month, parameters, kept) in &months {
            let mut row = |place, figure, measure| {
                let lacks = lacks.next().map_or("", String::as_str);
                rows.push(Row { kept, month, parameters, lacks, place, figure, measure });
            };
            match self {
                Service => figures(kept).for_each(|(place, figure)| row(Some(place), Some(figure), None)),
                Equity => kept.measures.iter().for_each(|measure| row(None, None, Some(measure))),
            }
        }
        let columns = self.columns().iter().map(|column| column.array(&rows)).collect();
        Ok(RecordBatch::try_new(self.schema(), columns)?)
    }
}

fn figures(kept: &Kept) -> impl Iterator<Item = (&Place, &Figure)> {
    kept.places.iter().flat_map(|place| place.figures.iter().map(move |figure| (place, figure)))
}

/// What a row is made from.
struct Row<'a> {
    kept: &'a Kept,
    month: &'a str,
    parameters: &'a str,
    lacks: &'a str,
    place: Option<&'a Place>,
    figure: Option<&'a Figure>,
    measure: Option<&'a Measure>,
}

/// A column by its name, and where its cells come from.
enum Column {
    Text(&'static str, for<'a> fn(&Row<'a>) -> Option<&'a str>),
    Number(&'static str, fn(&Row<'_>) -> Option<f64>),
    Count(&'static str, fn(&Row<'_>) -> Option<i64>),
    Flag(&'static str, fn(&Row<'_>) -> bool),
}

fn text(name: &'static str, of: for<'a> fn(&Row<'a>) -> Option<&'a str>) -> Column {
    Column::Text(name, of)
}

impl Column {
    fn field(&self) -> Field {
        match self {
            Self::Text(name, _) => Field::new(*name, DataType::Utf8, true),
            Self::Number(name, _) => Field::new(*name, DataType::Float64, true),
            Self::Count(name, _) => Field::new(*name, DataType::Int64, true),
            Self::Flag(name, _) => Field::new(*name, DataType::Boolean, false),
        }
    }

    fn array(&self, rows: &[Row<'_>]) -> ArrayRef {
        match self {
            Self::Text(_, of) => Arc::new(rows.iter().map(of).collect::<StringArray>()),
            Self::Number(_, of) => Arc::new(rows.iter().map(of).collect::<Float64Array>()),
            Self::Count(_, of) => Arc::new(rows.iter().map(of).collect::<Int64Array>()),
            Self::Flag(_, of) => Arc::new(rows.iter().map(|row| Some(of(row))).collect::<BooleanArray>()),
        }
    }
}

/// A table whose rows are the months kept when it is read.
#[derive(Debug)]
pub(crate) struct IndicatorView {
    table: IndicatorTable,
    schema: SchemaRef,
}

impl IndicatorView {
    pub(crate) fn new(table: IndicatorTable) -> Self {
        Self { table, schema: table.schema() }
    }
}

#[async_trait]
impl TableProvider for IndicatorView {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (table, moment) = (self.table, Moment::of(state)?);
        let rows = tokio::task::spawn_blocking(move || table.rows(moment.data()))
            .await
            .map_err(|error| exec_datafusion_err!("reading indicators: {error}"))??;
        Ok(MemorySourceConfig::try_new_exec(&[vec![rows]], self.schema.clone(), projection.cloned())?)
    }
}
