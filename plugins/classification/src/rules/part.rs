//! The part that a column plays in its table.

/// What a column is for. A name suggests one (`sense.rs`), the type confirms or
/// corrects it (`column.rs`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Part {
    /// Says nothing that a rule could use.
    Plain,
    /// A column that nobody named.
    Meaningless,
    /// An identifier of the row itself.
    Identifier,
    /// Points to a row that the table links or belongs to.
    Reference,
    /// Points to the row above in a tree.
    Parent,
    /// Who made, changed or approved the row.
    Author,
    /// When the row came to be.
    Created,
    /// When what the row tells of happened.
    Occurred,
    /// When the row last changed.
    Updated,
    /// When the row was worked out or fetched from elsewhere.
    Computed,
    /// When the row stops being of use.
    Expiry,
    /// When or that the row was taken out of use.
    Retired,
    /// The last time or thing of something that goes on: `last_seen_at`.
    Recent,
    /// A period or a day that people plan.
    Planned,
    /// When something began or ended.
    Ran,
    /// When a worker may take the row.
    Due,
    /// When a worker was done with the row.
    Done,
    /// Another point in time.
    Time,
    /// True or false.
    Flag,
    /// Place in an order.
    Position,
    /// Kind, role or degree: one of few values.
    Level,
    /// State of the row.
    Status,
    /// A whole number that is counted up.
    Counter,
    /// A number that says nothing else.
    Number,
    /// Names the row for people.
    Name,
    /// Text that people wrote.
    Prose,
    /// A message: what somebody wrote, or what a program said of an event.
    Message,
    /// Money or goods.
    Amount,
    /// Other content: an address, a colour, a text of unknown meaning.
    Content,
    /// A word or a number of unknown meaning that fits beside a link.
    Detail,
    /// A comment or a note: text of its own, or a word on a link.
    Note,
    /// A remark on the row, such as a reason.
    Remark,
    /// The name of a value beside it.
    Key,
    /// The value of a name beside it.
    Value,
    /// A language.
    Locale,
    /// A document or bytes.
    Payload,
    /// What was done.
    Action,
    /// Who did it, where no row is pointed to.
    Actor,
    /// Address, browser, session or request that something came from.
    Trace,
    /// What was before, what came after, or the difference.
    Change,
    /// How it went: duration, error, response.
    Outcome,
    /// What proves something: token, nonce, code.
    Token,
    /// Who holds the row, and since or until when.
    Lock,
    /// How often it was tried.
    Attempts,
    /// Which worker the row is for.
    Queue,
    /// A prepared text search.
    SearchVector,
}

impl Part {
    /// How many parts there are.
    pub(super) const COUNT: usize = Self::SearchVector as usize + 1;
}
