//! The properties of settings: what is wrong with them is refused by name.

use birth_core::policy::settings::{SettingValue, Settings};

use super::{Kit, Tried, words};
use crate::plugin::error::PluginError;
use crate::run::author::settings;

impl Kit<'_> {
    pub(super) fn defaults(&self) -> Tried {
        let said = settings::problems(self.plugin, &Settings::new()).map_err(words)?;
        match said.first() {
            None => Ok("it judges without settings".to_owned()),
            Some(found) => Err(format!(
                "without any settings it says: {} {}",
                found.key, found.problem
            )),
        }
    }

    pub(super) fn unknown_setting(&self) -> Tried {
        let unknown = Settings::from([(settings::UNKNOWN.to_owned(), SettingValue::Truth(true))]);
        let said = settings::problems(self.plugin, &unknown).map_err(words)?;
        if !said.iter().any(|found| found.key == settings::UNKNOWN) {
            return Err(format!(
                "check-settings accepts {}, or refuses it without naming it",
                settings::UNKNOWN
            ));
        }
        let none = self
            .corpus
            .scenes
            .first()
            .map(|scene| scene.facts.select(&[]).0);
        let none = none.ok_or("the corpus is empty")?;
        match self.plugin.judge_batch(&unknown, &none.batch()) {
            Err(PluginError::SettingsRejected { .. }) => {
                Ok("refused by check-settings and by judge".to_owned())
            }
            Err(other) => Err(words(other)),
            Ok(_) => Err(format!(
                "check-settings refuses {}, and judge accepts it",
                settings::UNKNOWN
            )),
        }
    }

    pub(super) fn setting_type(&self) -> Tried {
        let besides = self.keys.iter().cloned();
        let found = settings::find(self.plugin, besides).map_err(words)?;
        for known in &found.settings {
            if known.accepts.len() > 1 {
                return Err(format!(
                    "the setting {} is accepted as {}",
                    known.key,
                    known.accepts.join(" and as ")
                ));
            }
            if let Some(given) = known.unnamed.first() {
                return Err(format!(
                    "the setting {} is refused as {given} without being named",
                    known.key
                ));
            }
        }
        Ok(match found.settings.len() {
            0 => "neither the plugin nor its cases name a setting".to_owned(),
            tried => format!("settings {tried}, each with a value of every type"),
        })
    }
}
