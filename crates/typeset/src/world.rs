//! What Typst sees: the template, the job's files, the embedded fonts; nothing of the machine.

use std::collections::BTreeMap;

use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Feature, Library, LibraryExt as _, World};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use crate::job::{Error, Job};

const TEMPLATE: &str = include_str!("dossier.typ");

/// Path of the document that the template reads.
const DOCUMENT: &str = "document.json";

/// Identifies the PDF: the same for the same words, whatever machine sets them.
const IDENT: &str = "desserte-dossier";

/// Sets a job as a PDF.
pub(crate) fn set(job: Job) -> Result<Vec<u8>, Error> {
    let title = job.document["title"].as_str().unwrap_or_default().to_owned();
    let world = Closed::new(job)?;
    let refused = |errors: &[SourceDiagnostic]| {
        let told: Vec<String> =
            errors.iter().map(|error| format!("{}{}", error.message, hints(error))).collect();
        Error::Typst(told.join("; "))
    };
    let document: PagedDocument = typst::compile(&world).output.map_err(|errors| refused(&errors))?;
    let standards = PdfStandards::new(&[PdfStandard::Ua_1, PdfStandard::A_2a])
        .map_err(|error| Error::Typst(error.message().to_string()))?;
    let options = PdfOptions {
        ident: Smart::Custom(format!("{IDENT} {title}")),
        creator: Smart::Custom(Some("desserte-typeset".to_owned())),
        standards,
        ..PdfOptions::default()
    };
    typst_pdf::pdf(&document, &options).map_err(|errors| refused(&errors))
}

fn hints(error: &SourceDiagnostic) -> String {
    error.hints.iter().map(|hint| format!(" ({})", hint.v)).collect()
}

/// What the template may call: with heads of rows, without which PDF/UA knows no table of names and values.
fn library() -> Library {
    Library::builder().with_features([Feature::A11yExtras].into_iter().collect()).build()
}

/// A world that ends at the job.
struct Closed {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    main: Source,
    files: BTreeMap<String, Bytes>,
}

impl Closed {
    fn new(job: Job) -> Result<Self, Error> {
        let fonts: Vec<Font> = typst_assets::fonts().flat_map(|data| Font::iter(Bytes::new(data))).collect();
        let path = VirtualPath::new("dossier.typ").map_err(|error| Error::Typst(error.to_string()))?;
        let main = RootedPath::new(VirtualRoot::Project, path).intern();
        let drawings = job.drawings.into_iter().map(|(name, svg)| (name, Bytes::from_string(svg)));
        let document = (DOCUMENT.to_owned(), Bytes::from_string(job.document.to_string()));
        Ok(Self {
            library: LazyHash::new(library()),
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            fonts,
            main: Source::new(main, TEMPLATE.to_owned()),
            files: drawings.chain([document]).collect(),
        })
    }
}

impl World for Closed {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() { Ok(self.main.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let path = id.get();
        let found = match path.root() {
            VirtualRoot::Project => self.files.get(path.vpath().get_without_slash()),
            VirtualRoot::Package(_) => None,
        };
        found.cloned().ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    /// No clock: the document has its date.
    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    /// A job with every kind of block, and one drawing.
    fn job(part: &str) -> Job {
        let text = format!(
            r##"{{"document": {{"schema": "desserte-document/1", "lang": "fr", "title": "Titre", "subtitle": "Sous-titre", "foot": "Pied",
            "date": "2026-10-31", "blocks": [
            {{"block": "notice", "text": "Avis"}},
            {{"block": "answers", "items": [{{"question": "Quoi", "answers": ["Ceci."]}}]}},
            {{"block": "heading", "level": 1, "text": "Un"}}, {{"block": "paragraph", "text": "Texte"}},
            {{"block": "list", "items": ["un", "deux"]}}, {{"block": "facts", "items": [{{"name": "n", "value": "v"}}]}},
            {{"block": "table", "caption": "T", "columns": ["a"], "rows": [["1"]], "widths": [1], "legend": "l"}},
            {{"block": "page"}}, {{"block": "figure", "part": "{part}", "description": "D"}}]}},
            "drawings": {{"drawings/map.svg": "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect width='9' height='9'/></svg>"}}}}"##
        );
        Job::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn the_same_job_gives_the_same_octets_and_they_are_a_pdf() {
        let (one, two) = (set(job("drawings/map.svg")).unwrap(), set(job("drawings/map.svg")).unwrap());
        assert!(one == two && one.starts_with(b"%PDF-1.7"));
        let text = String::from_utf8_lossy(&one);
        // Typst refuses what is not PDF/UA-1 and PDF/A-2a; that it was asked stands in the metadata.
        for wanted in ["pdfuaid:part", "pdfaid:part", "/Marked true"] {
            assert!(text.contains(wanted), "{wanted}");
        }
    }

    #[test]
    fn nothing_but_the_job_is_read() {
        for path in ["/etc/hostname", "../secret.svg", "drawings/other.svg"] {
            let error = set(job(path)).unwrap_err().to_string();
            assert!(error.starts_with("the document cannot be set"), "{error}");
        }
    }

    #[test]
    fn a_job_of_another_form_is_refused() {
        let refused = |text: &str| Job::read(text.as_bytes()).err().unwrap().to_string();
        assert!(refused("{").contains("no JSON"));
        assert!(refused(r#"{"document": {"schema": "x"}}"#).contains("schema \"x\""));
        assert!(
            refused(r#"{"document": {"schema": "desserte-document/1"}, "drawings": 7}"#).contains("no JSON")
        );
    }
}
