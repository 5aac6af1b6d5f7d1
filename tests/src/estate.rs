//! A large estate: thousands of tables as an application has them, with the
//! registry and everything else that the operations need. Made set-based and in
//! pieces, because a transaction needs a lock for each table it makes.

use crate::database::Database;
use crate::server::Server;

/// A large estate to be made.
#[derive(Debug, Clone, Copy)]
pub struct Large {
    collections: u32,
    columns: u32,
}

/// An estate of so many collections. Of ten collections six hold content, in
/// ten columns, one is a lookup table, one a junction, one a log and one a
/// cache; all are `governed`. Nine of ten content tables are in the species map.
/// The keys are `content_0000001`, … `lookup_0000007`, `junction_0000008`,
/// `log_0000009`, `cache_0000010` and so on; their tables have the same names
/// in the schema `app`. All else is in the schema `inventory`.
#[must_use]
pub fn large(collections: u32) -> Large {
    Large {
        collections,
        columns: 10,
    }
}

/// Tables that one transaction makes.
const PIECE: u32 = 200;

const AROUND: &str = include_str!("../fixtures/large-estate.sql");

impl Large {
    /// Content tables of about so many columns, at least seven; the others keep
    /// theirs.
    #[must_use]
    pub fn columns(mut self, columns: u32) -> Self {
        self.columns = columns;
        self
    }

    /// What makes it: each script is to be run by itself.
    #[must_use]
    pub fn scripts(&self) -> Vec<String> {
        let Self {
            collections,
            columns,
        } = *self;
        let pieces = (1..=collections).step_by(PIECE as usize).map(|first| {
            let last = collections.min(first + PIECE - 1);
            format!("SELECT inventory.make({first}, {last}, {columns})")
        });
        let register = format!(
            "SELECT inventory.register({collections}); ANALYZE inventory.collection_registry"
        );
        std::iter::once(AROUND.to_owned())
            .chain(pieces)
            .chain([register])
            .collect()
    }

    /// A database with it.
    #[must_use]
    pub fn create(&self, server: &'static Server) -> Database {
        let database = Database::new(server, "");
        let session = database.session();
        for script in self.scripts() {
            session.execute(&script);
        }
        database
    }
}
