//! The closed vocabulary of what gate and sweep write.

use super::queue::QueueStatement;
use crate::issue::IssueClose;
use crate::record::RecordInsert;
use crate::sql::Statement;

/// A statement that records findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CoverageStatement {
    /// `INSERT INTO …` of a health check.
    RecordCheck(RecordInsert),
    /// `INSERT INTO …` of an issue.
    OpenIssue(RecordInsert),
    /// `UPDATE …` of an issue that is open.
    CloseIssue(IssueClose),
    /// On the gate's queue.
    Queue(QueueStatement),
}

impl From<QueueStatement> for CoverageStatement {
    fn from(statement: QueueStatement) -> Self {
        Self::Queue(statement)
    }
}

impl Statement for CoverageStatement {
    fn sql(&self) -> String {
        match self {
            Self::RecordCheck(insert) | Self::OpenIssue(insert) => insert.sql(),
            Self::CloseIssue(close) => close.sql(),
            Self::Queue(queue) => queue.sql(),
        }
    }

    fn parameters(&self) -> Vec<Option<String>> {
        match self {
            Self::RecordCheck(insert) | Self::OpenIssue(insert) => insert.parameters(),
            Self::CloseIssue(close) => close.parameters(),
            Self::Queue(queue) => queue.parameters(),
        }
    }

    fn returns(&self) -> bool {
        match self {
            Self::RecordCheck(insert) | Self::OpenIssue(insert) => insert.returns(),
            Self::CloseIssue(close) => close.returns(),
            Self::Queue(queue) => queue.returns(),
        }
    }
}
