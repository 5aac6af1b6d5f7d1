//! Gathers the parameters from their sources, in order of precedence: the
//! argument, the service it or the environment names, the environment.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::conninfo;
use super::error::SettingsError;
use super::parameters::{DEFINITIONS, Origin, Parameters};

/// Looks up an environment variable.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Where distributions keep the system-wide service file, used when
/// `PGSYSCONFDIR` is not set: libpq has this folder compiled in.
const SYSTEM_FOLDERS: [&str; 2] = ["/etc/postgresql-common", "/etc"];

/// All parameters from all sources.
pub(super) fn gather(
    argument: Option<&str>,
    env: Environment<'_>,
) -> Result<Parameters, SettingsError> {
    let mut parameters = Parameters::default();
    if let Some(argument) = argument {
        for (keyword, value) in conninfo::parse(argument)? {
            parameters.add(&keyword, &value, &Origin::Argument);
        }
    }
    let service = parameters
        .get("service")
        .map(str::to_owned)
        .or_else(|| env("PGSERVICE"))
        .filter(|name| !name.is_empty());
    if let Some(name) = service {
        let file = parameters
            .get("servicefile")
            .map(str::to_owned)
            .or_else(|| env("PGSERVICEFILE"))
            .filter(|file| !file.is_empty());
        add_service(&mut parameters, &name, file, env)?;
    }
    for definition in DEFINITIONS {
        let given = definition
            .variable
            .and_then(|variable| Some((variable, env(variable)?)));
        if let Some((variable, value)) = given {
            parameters.add(definition.keyword, &value, &Origin::Variable(variable));
        }
    }
    if let Some(value) = env("PGREQUIRESSL") {
        parameters.add("requiressl", &value, &Origin::Variable("PGREQUIRESSL"));
    }
    parameters.check_supported()?;
    Ok(parameters)
}

/// A file in the user's home folder, where there is a home.
pub(super) fn home_file(env: Environment<'_>, name: &str) -> Option<PathBuf> {
    let home = env("HOME").filter(|home| !home.is_empty())?;
    Some(Path::new(&home).join(name))
}

fn add_service(
    parameters: &mut Parameters,
    name: &str,
    file: Option<String>,
    env: Environment<'_>,
) -> Result<(), SettingsError> {
    let user_file = file
        .map(PathBuf::from)
        .or_else(|| home_file(env, ".pg_service.conf"));
    let system_folders = match env("PGSYSCONFDIR") {
        Some(folder) => vec![PathBuf::from(folder)],
        None => SYSTEM_FOLDERS.iter().map(PathBuf::from).collect(),
    };
    let files: Vec<PathBuf> = user_file
        .into_iter()
        .chain(
            system_folders
                .iter()
                .map(|folder| folder.join("pg_service.conf")),
        )
        .collect();
    for file in &files {
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(SettingsError::unreadable("service file", file, error)),
        };
        if add_section(parameters, name, file, &text)? {
            return Ok(());
        }
    }
    Err(SettingsError::ServiceNotFound {
        name: name.to_owned(),
        files,
    })
}

/// Adds the values of one section; `false` when the file does not have it.
///
/// A service file may hold passwords: errors name file and line, no text.
fn add_section(
    parameters: &mut Parameters,
    name: &str,
    file: &Path,
    text: &str,
) -> Result<bool, SettingsError> {
    let origin = Origin::Service {
        name: name.to_owned(),
        file: file.to_owned(),
    };
    let syntax = |line: usize, reason: &'static str| SettingsError::ServiceFile {
        file: file.to_owned(),
        line: line + 1,
        reason,
    };
    let mut found = false;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            if found {
                break;
            }
            found = header
                .strip_suffix(']')
                .is_some_and(|section| section == name);
            continue;
        }
        if !found {
            continue;
        }
        if line.starts_with("ldap") {
            return Err(syntax(number, "LDAP look-ups are not supported"));
        }
        let (keyword, value) = line
            .split_once('=')
            .ok_or_else(|| syntax(number, "it has no \"=\""))?;
        if matches!(keyword, "service" | "servicefile") {
            return Err(syntax(number, "a service cannot name another service"));
        }
        if !parameters.add(keyword, value, &origin) {
            return Err(syntax(
                number,
                "its keyword is not a connection parameter (no spaces around \"=\")",
            ));
        }
    }
    Ok(found)
}
