//! Conditions 2, 3 and 5: the policy is decided, and its decision has what it
//! needs.

use birth_sdk::classification::{Scope, Status};
use birth_sdk::coverage::Collection;
use birth_sdk::{Reasons, Text};

use super::{Reason, Settings, warning_unless};

/// What was decided about a collection, and the word that says so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decision<'a> {
    status: Status,
    word: Text<'a>,
}

impl Decision<'_> {
    /// Every new row is a birth.
    pub(super) fn is_required(self) -> bool {
        self.status == Status::Required
    }

    /// No new row is a birth.
    pub(super) fn is_exempt(self) -> bool {
        match self.status {
            Status::ExemptJunction | Status::ExemptLog | Status::ExemptCache => true,
            Status::Required | Status::Deferred => false,
        }
    }
}

/// Whether the policy set leaves the collection's scope out.
pub(super) fn is_out_of_check(
    settings: &Settings,
    collection: Collection<'_>,
    reasons: &mut Reasons<'_, Reason>,
) -> bool {
    let Some(word) = collection.scope_status() else {
        return false;
    };
    let is_out =
        Scope::from_word(&word).is_some_and(|scope| settings.scopes_without_check.contains(&scope));
    if is_out {
        reasons.give(Reason::ScopeNotChecked).text(word);
    }
    is_out
}

/// Condition 2: the policy is decided. A word outside of the vocabulary decides
/// nothing; the check on the column keeps such words out, but a check can be
/// missing or not validated.
pub(super) fn decision<'a>(
    collection: Collection<'a>,
    reasons: &mut Reasons<'_, Reason>,
) -> Option<Decision<'a>> {
    let stored = collection.coverage_status();
    let word = stored.and_then(|word| Some((word, Status::from_word(&word)?)));
    if let Some((word, status)) = word {
        return Some(Decision { status, word });
    }
    reasons.give(Reason::PolicyUndecided).text(collection.key());
    match stored {
        None => {}
        Some(word) if is_blank(Some(word)) => {
            reasons.give(Reason::StatusBlank);
        }
        Some(word) => {
            reasons.give(Reason::StatusUnknown).text(word);
        }
    }
    None
}

/// Conditions 3 and 5: a required birth has a species, an exemption a reason.
pub(super) fn check(
    settings: &Settings,
    decision: Decision<'_>,
    collection: Collection<'_>,
    reasons: &mut Reasons<'_, Reason>,
) {
    if decision.is_required() && collection.species_mappings() == 0 {
        let unmapped = reasons.give(Reason::SpeciesUnmapped);
        unmapped.text(collection.key());
    }
    if decision.is_exempt() && says_nothing(settings, collection.exemption_reason()) {
        let unexplained = reasons.give(Reason::ExemptionUnexplained);
        unexplained.text(decision.word);
    }
}

/// Who decided, when, and who looks at what was put off.
pub(super) fn check_record(
    settings: &Settings,
    decision: Decision<'_>,
    now: i64,
    collection: Collection<'_>,
    reasons: &mut Reasons<'_, Reason>,
) {
    let is_deferred = decision.status == Status::Deferred;
    if is_deferred && says_nothing(settings, collection.review_owner()) {
        reasons.give(warning_unless(
            settings.require_review_owner,
            Reason::WarnDeferredWithoutOwner,
            Reason::DeferredWithoutOwner,
        ));
    }
    if says_nothing(settings, collection.decided_by()) {
        let reason = warning_unless(
            settings.require_decided_by,
            Reason::WarnDecidedWithoutActor,
            Reason::DecidedWithoutActor,
        );
        reasons.give(reason).text(decision.word);
    }
    match collection.decided_at() {
        None => {
            let reason = warning_unless(
                settings.require_decided_at,
                Reason::WarnDecidedWithoutDate,
                Reason::DecidedWithoutDate,
            );
            reasons.give(reason).text(decision.word);
        }
        Some(at) if at > now => {
            let reason = warning_unless(
                settings.refuse_future_decisions,
                Reason::WarnDecidedInTheFuture,
                Reason::DecidedInTheFuture,
            );
            let ahead = at.saturating_sub(now);
            reasons.give(reason).text(decision.word).number(ahead);
        }
        Some(at) if is_deferred => check_deferral(settings, now.saturating_sub(at), reasons),
        Some(_) => {}
    }
}

/// What was put off is looked at again, sooner or later.
fn check_deferral(settings: &Settings, seconds: i64, reasons: &mut Reasons<'_, Reason>) {
    let days = seconds / 86_400;
    if settings.longest_deferral_days == 0 || days <= settings.longest_deferral_days {
        return;
    }
    let reason = warning_unless(
        settings.refuse_long_deferrals,
        Reason::WarnDeferredTooLong,
        Reason::DeferredTooLong,
    );
    reasons.give(reason).number(days);
}

/// Whether nobody is named, or nothing said: there is no text, or one of the
/// words that the policy set calls empty.
fn says_nothing(settings: &Settings, text: Option<Text<'_>>) -> bool {
    let is_empty = |text: Text<'_>| {
        let letters = || text.trim().chars().flat_map(char::to_lowercase);
        settings
            .empty_words
            .iter()
            .any(|word| letters().eq(word.chars()))
    };
    is_blank(text) || text.is_some_and(is_empty)
}

/// Space says as little as nothing.
fn is_blank(text: Option<Text<'_>>) -> bool {
    text.is_none_or(|text| text.trim().is_empty())
}
