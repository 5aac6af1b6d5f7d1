//! Types of columns, as far as the rules tell them apart.

/// What a type can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `smallint`, too small to refer to many rows.
    Small,
    Integer,
    /// `numeric`, `money` and floating point.
    Number,
    Text,
    Boolean,
    /// A point in time or a day.
    Time,
    Uuid,
    /// `json`, `jsonb`, `xml`, `hstore`.
    Document,
    Bytes,
    Network,
    SearchVector,
    /// An enumeration or another type, which PostgreSQL does not print among
    /// its own.
    Other,
}

impl Kind {
    /// By the name that PostgreSQL prints, without its modifier.
    pub(super) fn of(type_name: &str) -> Self {
        match type_name {
            "smallint" => Self::Small,
            "integer" | "bigint" | "oid" | "xid8" => Self::Integer,
            "numeric" | "money" | "real" | "double precision" => Self::Number,
            "text" | "character varying" | "character" | "name" | "citext" | "\"char\"" => {
                Self::Text
            }
            "boolean" | "bit" => Self::Boolean,
            "timestamp with time zone" | "timestamp without time zone" | "date" => Self::Time,
            "uuid" => Self::Uuid,
            "json" | "jsonb" | "xml" => Self::Document,
            "bytea" => Self::Bytes,
            "inet" | "cidr" => Self::Network,
            "tsvector" => Self::SearchVector,
            _ if type_name.ends_with("hstore") => Self::Document,
            _ if type_name.ends_with("citext") => Self::Text,
            _ => Self::Other,
        }
    }

    /// Whether a column of this type can refer to a row.
    pub(super) fn can_refer(self) -> bool {
        matches!(
            self,
            Self::Small | Self::Integer | Self::Number | Self::Text | Self::Uuid | Self::Bytes
        )
    }

    /// Whether a column of this type can hold a point in time: some count
    /// seconds, some write them down.
    pub(super) fn can_tell_time(self) -> bool {
        matches!(self, Self::Time | Self::Integer | Self::Number | Self::Text)
    }

    /// Whether a value without meaning of its own is likely to point to a row.
    pub(super) fn is_pointer(self) -> bool {
        matches!(self, Self::Integer | Self::Uuid)
    }

    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Small | Self::Integer | Self::Number)
    }
}
