//! A table as it is sent to another machine: its name and its list of files, as JSON.

use datafusion::error::DataFusionError;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::object_store::path::{Error as PlaceError, Path};
use desserte_store::HandoverTable;
use serde::{Deserialize, Serialize};

use super::LakeTable;
use crate::schema::Kept;
use crate::{LakeFile, Rollup};

/// Version of the form. Machines of one cluster run one version of this program; this tells those apart that do not.
const FORM: u32 = 1;

/// Why octets are no table.
#[derive(Debug, thiserror::Error)]
pub enum NoTable {
    /// They are not of this form.
    #[error("a table that was sent cannot be read")]
    Unreadable(#[from] serde_json::Error),
    /// A file is named by what is no place.
    #[error("a table was sent with a file whose place cannot be read")]
    Place(#[from] PlaceError),
    /// They name a store by what is no address.
    #[error("a table was sent with a store whose address cannot be read")]
    Store(#[from] DataFusionError),
    /// They are of another version.
    #[error(
        "a table was sent in form {found}, this program knows form {FORM}: run one version of desserte on all machines"
    )]
    Form {
        /// The version.
        found: u32,
    },
    /// There is no table of this name.
    #[error(
        "a table {name:?} was sent, which this program does not know: run one version of desserte on all machines"
    )]
    Unknown {
        /// The name.
        name: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Sent {
    form: u32,
    table: String,
    /// The store that the files are in: this machine's, or one that the receiver must know as well.
    store: String,
    files: Vec<SentFile>,
}

/// As [`LakeFile`].
#[derive(Serialize, Deserialize)]
struct SentFile {
    location: String,
    bytes: u64,
    rows: Option<u64>,
    partition: String,
    events_us: Option<(i64, i64)>,
    communes: Option<(String, String)>,
    numbers: Option<(i64, i64)>,
}

impl LakeTable {
    /// The table, to be read again by [`Self::from_octets`].
    #[must_use]
    pub fn to_octets(&self) -> Vec<u8> {
        let files = self.files.iter().cloned().map(|file| SentFile {
            location: file.location.into(),
            bytes: file.bytes,
            rows: file.rows,
            partition: file.partition,
            events_us: file.events_us,
            communes: file.communes,
            numbers: file.numbers,
        });
        let sent = Sent {
            form: FORM,
            table: self.table.name().to_owned(),
            store: self.store.as_str().to_owned(),
            files: files.collect(),
        };
        serde_json::to_vec(&sent).expect("text and numbers are always JSON")
    }

    /// The table that another machine sent.
    ///
    /// # Errors
    /// When the octets are no table that this version of the program knows.
    pub fn from_octets(octets: &[u8]) -> Result<Self, NoTable> {
        let sent: Sent = serde_json::from_slice(octets)?;
        if sent.form != FORM {
            return Err(NoTable::Form { found: sent.form });
        }
        let table = table(&sent.table).ok_or(NoTable::Unknown { name: sent.table })?;
        let files = sent.files.into_iter().map(|file| {
            Ok(LakeFile {
                // What was sent is escaped already.
                location: Path::parse(file.location)?,
                bytes: file.bytes,
                rows: file.rows,
                partition: file.partition,
                events_us: file.events_us,
                communes: file.communes,
                numbers: file.numbers,
            })
        });
        let table = Self::of(table, files.collect::<Result<_, NoTable>>()?);
        Ok(Self { store: ObjectStoreUrl::parse(&sent.store)?, ..table })
    }
}

fn table(name: &str) -> Option<Kept> {
    let rows = HandoverTable::ALL.into_iter().find(|table| table.name() == name).map(Kept::Rows);
    rows.or_else(|| Rollup::ALL.into_iter().find(|rollup| rollup.name() == name).map(Kept::Rollup))
}
