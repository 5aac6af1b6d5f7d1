//! What two classifications decide differently.

use serde::Serialize;

use super::Entry;

/// In what a collection differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// Only the new one lists it.
    Added,
    /// Only the old one lists it.
    Removed,
    /// Its status.
    StatusChanged,
    /// Its scope, and nothing else.
    ScopeChanged,
}

/// A collection that two classifications decide differently, with the reasons
/// of both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Change<'a> {
    /// The collection.
    pub key: &'a str,
    /// In what it differs.
    pub change: ChangeKind,
    /// The old entry; none where it was added.
    pub old: Option<&'a Entry>,
    /// The new entry; none where it was removed.
    pub new: Option<&'a Entry>,
}

/// What changes from `old` to `new`, in the order of the keys. Both are in
/// ascending byte order of their keys, each key once, as a report's entries
/// are. Roles, tables, scores and reasons do not count: they decide nothing.
#[must_use]
pub fn diff<'a>(old: &'a [Entry], new: &'a [Entry]) -> Vec<Change<'a>> {
    let mut changes = Vec::new();
    let (mut olds, mut news) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let order = match (olds.peek(), news.peek()) {
            (Some(old), Some(new)) => old.key.cmp(&new.key),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => break,
        };
        let old = order.is_le().then(|| olds.next()).flatten();
        let new = order.is_ge().then(|| news.next()).flatten();
        changes.extend(change(old, new));
    }
    changes
}

fn change<'a>(old: Option<&'a Entry>, new: Option<&'a Entry>) -> Option<Change<'a>> {
    let change = match (old, new) {
        (None, Some(_)) => ChangeKind::Added,
        (Some(_), None) => ChangeKind::Removed,
        (Some(old), Some(new)) if old.status != new.status => ChangeKind::StatusChanged,
        (Some(old), Some(new)) if old.scope != new.scope => ChangeKind::ScopeChanged,
        _ => return None,
    };
    Some(Change {
        key: &new.or(old)?.key,
        change,
        old,
        new,
    })
}
