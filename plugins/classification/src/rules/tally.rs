//! Evidence found for one collection, counted by class.

use birth_sdk::{Reason as _, Reasons, Text};

use super::Settings;
use super::reason::{Class, EVIDENCE, Reason};

/// A piece of evidence as it was found.
#[derive(Clone, Copy, Debug)]
struct Found<'a> {
    at: usize,
    points: i32,
    text: Option<Text<'a>>,
    number: usize,
}

/// What was found for one collection. Each piece of evidence counts once.
#[derive(Debug)]
pub(super) struct Tally<'a, 's> {
    settings: &'s Settings,
    points: [i32; Class::ALL.len()],
    /// Only what speaks for a class.
    gross: [i32; Class::ALL.len()],
    found: [Option<Found<'a>>; EVIDENCE.len()],
}

impl<'a, 's> Tally<'a, 's> {
    pub(super) fn new(settings: &'s Settings) -> Self {
        Self {
            settings,
            points: [0; Class::ALL.len()],
            gross: [0; Class::ALL.len()],
            found: [None; EVIDENCE.len()],
        }
    }

    /// Evidence that names a column, a table or a trigger. Nothing where there
    /// is none to name.
    pub(super) fn name(&mut self, reason: Reason, text: Option<Text<'a>>) {
        if text.is_some() {
            self.add(reason, 1, text, 0);
        }
    }

    /// As [`Tally::name`], weighing `times` as much.
    pub(super) fn name_each(&mut self, reason: Reason, text: Text<'a>, times: usize) {
        self.add(reason, times, Some(text), 0);
    }

    /// Evidence that names nothing.
    pub(super) fn plain(&mut self, reason: Reason) {
        self.add(reason, 1, None, 0);
    }

    /// Evidence that counts something and weighs the same however many.
    pub(super) fn number(&mut self, reason: Reason, number: usize) {
        self.add(reason, 1, None, number);
    }

    /// Evidence that weighs more the more there is, up to `most` times.
    pub(super) fn each(&mut self, reason: Reason, number: usize, most: usize) {
        if number > 0 {
            self.add(reason, number.min(most), None, number);
        }
    }

    pub(super) fn points(&self, class: Class) -> i32 {
        self.points[class as usize]
    }

    fn add(&mut self, reason: Reason, times: usize, text: Option<Text<'a>>, number: usize) {
        let at = usize::from(reason.id());
        let (Some(evidence), Some(place)) = (EVIDENCE.get(at), self.found.get_mut(at)) else {
            return;
        };
        let points = self.settings.weight(reason).saturating_mul(times as i32);
        if points != 0 && place.is_none() {
            *place = Some(Found {
                at,
                points,
                text,
                number,
            });
            let sum = &mut self.points[evidence.class as usize];
            *sum = sum.saturating_add(points);
            let gross = &mut self.gross[evidence.class as usize];
            *gross = gross.saturating_add(points.max(0));
        }
    }

    /// The classes by their points, most first; the order of `Class::ALL`
    /// where they are equal.
    pub(super) fn ranking(&self) -> [Class; Class::ALL.len()] {
        let mut ranking = Class::ALL;
        ranking.sort_by_key(|&class| -self.points(class));
        ranking
    }

    /// The class, other than `winner`, that most speaks for, whatever speaks
    /// against it: what a person would ask about.
    pub(super) fn alternative(&self, winner: Class) -> Option<Class> {
        let others = Class::ALL.into_iter().filter(|&class| class != winner);
        let spoken_for = others.filter(|&class| self.gross[class as usize] > 0);
        spoken_for.max_by_key(|&class| (self.gross[class as usize], -(class as i32)))
    }

    /// Gives what was found about `class`, heaviest first, at most `most`.
    /// Returns how many were given.
    pub(super) fn give(
        &self,
        class: Class,
        most: usize,
        reasons: &mut Reasons<'_, Reason>,
    ) -> usize {
        let mut about: [Option<Found<'a>>; EVIDENCE.len()] = [None; EVIDENCE.len()];
        let mut count = 0;
        for found in self.found.iter().flatten() {
            if EVIDENCE[found.at].class == class {
                about[count] = Some(*found);
                count += 1;
            }
        }
        about[..count].sort_by_key(|found| found.map_or(0, |found| -found.points.abs()));
        for found in about[..count].iter().flatten().take(most) {
            let number = i64::try_from(found.number).unwrap_or(i64::MAX);
            reasons
                .give(EVIDENCE[found.at].reason)
                .optional_text(found.text)
                .number(number)
                .weight(found.points);
        }
        count.min(most)
    }
}
