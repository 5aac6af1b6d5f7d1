//! What is written into tables of issues and of health checks.

use super::ProfileError;

/// The values of an issue that no live schema can tell: `[issue]` of
/// `birth.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueValues {
    /// Category of the issue that asks for a collection's species mapping
    /// (B3-A, phase 2D).
    pub species_category: String,
    /// Category of the issue of a coverage gap (B3 design, section 3).
    pub onboarding_category: String,
    /// Status of a new issue, where the table does not give one itself.
    pub open_status: String,
    /// The statuses of an issue that is no longer open; upper and lower case
    /// of ASCII letters do not count. Every other status, and none, is open.
    pub closed: Vec<String>,
    /// The one of them that the host closes an issue with, where the table takes
    /// it.
    pub closed_status: String,
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

    /// The statuses that end an issue in lower case, as they are compared.
    #[must_use]
    pub fn closed_in_lower_case(&self) -> Vec<String> {
        let closed = self.closed.iter();
        closed.map(|status| status.to_ascii_lowercase()).collect()
    }

    pub(super) fn check(&self) -> Result<(), ProfileError> {
        let refuse = |setting, problem| Err(value("issue", setting, problem));
        if self.closed.iter().any(|value| value.contains('\0')) {
            return refuse("closed", NUL);
        }
        check_values(
            "issue",
            &[
                ("species-category", &self.species_category),
                ("onboarding-category", &self.onboarding_category),
                ("open-status", &self.open_status),
                ("closed-status", &self.closed_status),
                ("severity", &self.severity),
                ("source", &self.source),
            ],
        )?;
        if self.is_closed(&self.open_status) {
            let problem = "is one of issue.closed: every run would write the same issues again";
            return refuse("open-status", problem);
        }
        if !self.closed.is_empty() && !self.is_closed(&self.closed_status) {
            let problem = "is not one of issue.closed: what is closed with it would stay open";
            return refuse("closed-status", problem);
        }
        if self.onboarding_category == self.species_category {
            let problem = "is issue.species-category too: one would be taken for the other";
            return refuse("onboarding-category", problem);
        }
        Ok(())
    }
}

/// The values of a failed health check that no live schema can tell: `[health]`
/// of `birth.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthValues {
    /// Type of the health check of a coverage gap (B3 design, section 3).
    pub r#type: String,
    /// What a failed check's status is, where there is a column for it.
    pub status: String,
    /// Severity of a failed check, where the table does not give one itself.
    pub severity: String,
    /// Where a check says that it comes from, where the table asks for it.
    pub source: String,
}

impl HealthValues {
    pub(super) fn check(&self) -> Result<(), ProfileError> {
        check_values(
            "health",
            &[
                ("type", &self.r#type),
                ("status", &self.status),
                ("severity", &self.severity),
                ("source", &self.source),
            ],
        )
    }
}

fn check_values(
    section: &'static str,
    settings: &[(&'static str, &String)],
) -> Result<(), ProfileError> {
    for (setting, text) in settings {
        if text.trim().is_empty() {
            return Err(value(section, setting, "is empty"));
        }
        if text.contains('\0') {
            return Err(value(section, setting, NUL));
        }
    }
    Ok(())
}

const NUL: &str = "holds a NUL, which PostgreSQL cannot store";

fn value(section: &'static str, setting: &'static str, problem: &'static str) -> ProfileError {
    ProfileError::Value {
        section,
        setting,
        problem,
    }
}
