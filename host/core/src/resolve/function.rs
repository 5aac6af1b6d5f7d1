//! Which function is the trigger function. A name alone may mean several, in
//! other schemas or with arguments; a trigger calls one that takes none and
//! returns `trigger` (design, section 11 item 3).

use super::{ResolveError, list};
use crate::catalog::function::TriggerFunction;
use crate::profile::Naming;

/// Finds the trigger function among the functions of its name.
pub fn function(
    naming: &Naming,
    candidates: &[TriggerFunction],
) -> Result<TriggerFunction, ResolveError> {
    let name = naming.trigger_function.clone();
    let schema = naming.trigger_function_schema.as_deref();
    let fitting: Vec<&TriggerFunction> = candidates
        .iter()
        .filter(|f| f.fits && schema.is_none_or(|s| s == f.schema))
        .collect();
    match fitting.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(ResolveError::FunctionMissing {
            name,
            where_: schema.map_or_else(String::new, |s| format!(" in the schema `{s}`")),
            found: instead(candidates, schema),
        }),
        several => Err(ResolveError::FunctionAmbiguous {
            name,
            candidates: list(several.iter().map(|f| f.signature())),
        }),
    }
}

/// What has the name although it is not the function.
fn instead(candidates: &[TriggerFunction], schema: Option<&str>) -> String {
    if candidates.is_empty() {
        return "no function has that name".to_owned();
    }
    let why = |f: &TriggerFunction| {
        if schema.is_some_and(|s| s != f.schema) {
            "is in another schema".to_owned()
        } else if !f.arguments.is_empty() {
            "takes arguments".to_owned()
        } else {
            format!("returns {}", f.returns)
        }
    };
    let found = candidates
        .iter()
        .map(|f| format!("{}, which {}", f.signature(), why(f)));
    format!("there is {}", list(found))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;
    use crate::digest::Digest;
    use crate::profile::Profile;

    fn candidate(schema: &str, arguments: &str, returns: &str) -> TriggerFunction {
        TriggerFunction {
            oid: 1,
            schema: schema.to_owned(),
            name: "fn_birth_registry_auto".to_owned(),
            arguments: arguments.to_owned(),
            fits: arguments.is_empty() && returns == "trigger",
            returns: returns.to_owned(),
            language: "plpgsql".to_owned(),
            definition: Digest::of(b""),
            may_execute: true,
        }
    }

    fn find(schema: Option<&str>, candidates: &[TriggerFunction]) -> Result<String, String> {
        let mut naming = Profile::built_in().unwrap().naming;
        naming.trigger_function_schema = schema.map(str::to_owned);
        function(&naming, candidates)
            .map(|f| f.signature())
            .map_err(|e| format!("{}: {e}", e.code()))
    }

    #[test]
    fn one_function_that_fits_is_found_among_others() {
        let candidates = [
            candidate("a", "integer, text", "trigger"),
            candidate("b", "", "trigger"),
            candidate("c", "", "void"),
        ];
        assert_eq!(
            find(None, &candidates).unwrap(),
            "b.fn_birth_registry_auto()"
        );
        assert_eq!(
            find(Some("a"), &candidates).unwrap_err(),
            "FUNCTION_MISSING: no trigger function `fn_birth_registry_auto` in the schema `a`: \
             there is a.fn_birth_registry_auto(integer, text), which takes arguments, \
             b.fn_birth_registry_auto(), which is in another schema, \
             c.fn_birth_registry_auto(), which is in another schema"
        );
        assert_eq!(
            find(None, &candidates[2..]).unwrap_err(),
            "FUNCTION_MISSING: no trigger function `fn_birth_registry_auto`: \
             there is c.fn_birth_registry_auto(), which returns void"
        );
        assert_eq!(
            find(None, &[]).unwrap_err(),
            "FUNCTION_MISSING: no trigger function `fn_birth_registry_auto`: \
             no function has that name"
        );
    }

    #[test]
    fn two_that_fit_are_not_chosen_between() {
        let candidates = [candidate("a", "", "trigger"), candidate("b", "", "trigger")];
        assert_eq!(
            find(None, &candidates).unwrap_err(),
            "FUNCTION_AMBIGUOUS: the trigger function `fn_birth_registry_auto` is in several \
             schemas: a.fn_birth_registry_auto(), b.fn_birth_registry_auto()"
        );
        assert_eq!(
            find(Some("b"), &candidates).unwrap(),
            "b.fn_birth_registry_auto()"
        );
    }
}
