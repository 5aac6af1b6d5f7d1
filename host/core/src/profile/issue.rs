//! What is written into an issues table.

use super::ProfileError;

/// The values of an issue that no live schema can tell: `[issue]` of
/// `birth.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueValues {
    /// Category of the issue that asks for a collection's species mapping
    /// (B3-A, phase 2D).
    pub species_category: String,
    /// Status of a new issue, where the table does not give one itself.
    pub open_status: String,
    /// The statuses of an issue that is no longer open; upper and lower case
    /// of ASCII letters do not count. Every other status, and none, is open.
    pub closed: Vec<String>,
    /// Severity of a new issue, where the table does not give one itself.
    pub severity: String,
    /// Where a new issue says that it comes from, where the table asks for it.
    pub source: String,
}

impl IssueValues {
    /// Whether a status ends an issue.
    #[must_use]
    pub fn is_closed(&self, status: &str) -> bool {
        self.closed.iter().any(|c| c.eq_ignore_ascii_case(status))
    }

    pub(super) fn check(&self) -> Result<(), ProfileError> {
        let refuse = |setting, problem| Err(ProfileError::Issue { setting, problem });
        let settings = [
            ("species-category", &self.species_category),
            ("open-status", &self.open_status),
            ("severity", &self.severity),
            ("source", &self.source),
        ];
        for (setting, value) in settings {
            if value.trim().is_empty() {
                return refuse(setting, "is empty");
            }
            if value.contains('\0') {
                return refuse(setting, "holds a NUL, which PostgreSQL cannot store");
            }
        }
        if self.closed.iter().any(|value| value.contains('\0')) {
            return refuse("closed", "holds a NUL, which PostgreSQL cannot store");
        }
        if self.is_closed(&self.open_status) {
            let problem = "is one of issue.closed: every run would write the same issues again";
            return refuse("open-status", problem);
        }
        Ok(())
    }
}
