//! Every list of every role, broken in every way it can be: the batch is
//! refused and the list at fault is named. Nothing panics.

use birth_sdk::testing;

/// One way to break a batch.
struct Break<B> {
    list: &'static str,
    how: &'static str,
    apply: fn(&mut B),
}

/// A table of breaks: for each list, in brackets, what to do with it.
macro_rules! breaks {
    ($batch:ty; $( $list:literal $path:tt : $($how:ident)+ );+ $(;)?) => {
        vec![ $( $( Break::<$batch> {
            list: $list,
            how: stringify!($how),
            apply: |batch| breaks!(@$how batch $path),
        }, )+ )+ ]
    };
    (@short $batch:ident [$($field:ident).+]) => {{ let _ = $batch.$($field).+.pop(); }};
    (@long $batch:ident [$($field:ident).+]) => {{
        let first = $batch.$($field).+[0];
        $batch.$($field).+.push(first)
    }};
    (@grown $batch:ident [$($field:ident).+]) => { $batch.$($field).+.push('x') };
    // No text, or an index far outside.
    (@absent $batch:ident [$($field:ident).+]) => { $batch.$($field).+[0] = u32::MAX };
    (@outside $batch:ident [$($field:ident).+]) => { $batch.$($field).+[0] = 1000 };
    // A number or a bit that is not defined.
    (@unknown $batch:ident [$($field:ident).+]) => { $batch.$($field).+[0] = !0 };
    // A first start that is not 0, and a last one beyond the end.
    (@late $batch:ident [$($field:ident).+]) => { $batch.$($field).+[0] = 1 };
    (@beyond $batch:ident [$($field:ident).+]) => {
        if let Some(last) = $batch.$($field).+.last_mut() { *last += 1 }
    };
}

fn check<B: Clone>(batch: &B, breaks: &[Break<B>], fault: fn(&B) -> Option<&'static str>) {
    assert_eq!(fault(batch), None, "the batch is sound before it is broken");
    for Break { list, how, apply } in breaks {
        let mut broken = batch.clone();
        apply(&mut broken);
        assert_eq!(fault(&broken), Some(*list), "{list} {how}");
    }
}

#[test]
fn conflict() -> Result<(), serde_json::Error> {
    use birth_sdk::conflict::{Batch, Facts};
    let facts: testing::conflict::Facts = serde_json::from_str(
        r#"{
          "columns": [{"name": "b", "wanted": "text", "live": {"type": "text", "type_name": "text"}}],
          "checks": [{"name": "d", "column": "b", "values": ["Y"], "live": [
              {"name": "d", "form": "values", "values": ["Y"], "definition": "CHECK …"}]}],
          "triggers": [{"name": "t", "function": "s.f()", "wanted_type": 5, "live": [
              {"name": "u", "function": "s.g()", "type": 29}]}]}"#,
    )?;
    let breaks = breaks!(Batch;
        "text.ends" [text.ends]: beyond;
        "text.ends" [text.heap]: short;
        "text.heap" [text.heap]: grown;
        "relations.name" [relations.name]: absent outside;
        "relations.schema" [relations.schema]: absent outside short long;
        "relations.kind" [relations.kind]: unknown short long;
        "columns.name" [columns.name]: absent outside;
        "columns.relation" [columns.relation]: outside short long;
        "columns.wanted" [columns.wanted]: unknown short long;
        "columns.longest-value" [columns.longest_value]: short long;
        "columns.live" [columns.live]: unknown short long;
        "columns.live-type" [columns.live_type]: outside short long;
        "columns.live-max-length" [columns.live_max_length]: short long;
        "columns.live-bits" [columns.live_bits]: unknown short long;
        "checks.name" [checks.name]: absent outside;
        "checks.relation" [checks.relation]: outside short long;
        "checks.column" [checks.column]: absent outside short long;
        "checks.value-start" [checks.value_start]: late beyond short long;
        "checks.value" [checks.value]: absent outside;
        "checks.rows-outside" [checks.rows_outside]: short long;
        "checks.value-outside" [checks.value_outside]: outside short long;
        "checks.live-start" [checks.live_start]: late beyond short long;
        "checks.live.name" [checks.live.name]: absent outside;
        "checks.live.form" [checks.live.form]: unknown short long;
        "checks.live.bits" [checks.live.bits]: unknown short long;
        "checks.live.value-start" [checks.live.value_start]: late beyond short long;
        "checks.live.value" [checks.live.value]: absent outside;
        "checks.live.definition" [checks.live.definition]: outside short long;
        "triggers.name" [triggers.name]: absent outside;
        "triggers.relation" [triggers.relation]: outside short long;
        "triggers.function" [triggers.function]: absent outside short long;
        "triggers.wanted-type" [triggers.wanted_type]: unknown short long;
        "triggers.live-start" [triggers.live_start]: late beyond short long;
        "triggers.live.name" [triggers.live.name]: absent outside;
        "triggers.live.function" [triggers.live.function]: absent outside short long;
        "triggers.live.type" [triggers.live.type_]: unknown short long;
        "triggers.live.bits" [triggers.live.bits]: unknown short long;
        "triggers.live.enabled" [triggers.live.enabled]: unknown short long;
    );
    check(&facts.batch(), &breaks, |batch| {
        Facts::new(batch).err().map(|malformed| malformed.list)
    });
    Ok(())
}

#[test]
fn coverage() -> Result<(), serde_json::Error> {
    use birth_sdk::coverage::{Batch, Facts};
    let facts: testing::coverage::Facts = serde_json::from_str(
        r#"{"collections": [{"key": "a", "triggers": [{"name": "t", "function": "s.f()"}]}]}"#,
    )?;
    let breaks = breaks!(Batch;
        "text.ends" [text.ends]: beyond;
        "text.ends" [text.heap]: short;
        "text.heap" [text.heap]: grown;
        "collections.key" [collections.key]: absent outside;
        "collections.role" [collections.role]: outside short;
        "collections.schema" [collections.schema]: outside short long;
        "collections.name" [collections.name]: outside short long;
        "collections.kind" [collections.kind]: unknown short long;
        "collections.coverage-status" [collections.coverage_status]: outside short long;
        "collections.scope-status" [collections.scope_status]: outside short long;
        "collections.exemption-reason" [collections.exemption_reason]: outside short long;
        "collections.review-owner" [collections.review_owner]: outside short long;
        "collections.decided-at" [collections.decided_at]: short long;
        "collections.decided-by" [collections.decided_by]: outside short long;
        "collections.species-mappings" [collections.species_mappings]: short long;
        "triggers.name" [triggers.name]: absent outside;
        "triggers.start" [triggers.start]: late beyond short long;
        "triggers.function" [triggers.function]: absent outside short long;
        "triggers.type" [triggers.type_]: unknown short long;
        "triggers.bits" [triggers.bits]: unknown short long;
        "triggers.enabled" [triggers.enabled]: unknown short long;
    );
    check(&facts.batch(), &breaks, |batch| {
        Facts::new(batch).err().map(|malformed| malformed.list)
    });
    Ok(())
}

#[test]
fn classification() -> Result<(), serde_json::Error> {
    use birth_sdk::classification::{Batch, Facts};
    let facts: testing::classification::Facts = serde_json::from_str(
        r#"{"collections": [{"key": "a",
           "columns": [{"name": "id", "type": "bigint"}],
           "indexes": [{"name": "i", "columns": [0]}],
           "foreign_keys": [{"name": "f", "referenced_schema": "s", "referenced_name": "r", "columns": [0]}],
           "checks": [{"name": "c", "definition": "CHECK …"}],
           "triggers": [{"name": "t", "function": "s.f()"}]}]}"#,
    )?;
    let breaks = breaks!(Batch;
        "text.ends" [text.ends]: beyond;
        "text.ends" [text.heap]: short;
        "text.heap" [text.heap]: grown;
        "collections.key" [collections.key]: absent outside;
        "collections.role" [collections.role]: outside short long;
        "collections.schema" [collections.schema]: outside short long;
        "collections.name" [collections.name]: outside short long;
        "collections.kind" [collections.kind]: unknown short long;
        "collections.bits" [collections.bits]: unknown short long;
        "collections.comment" [collections.comment]: outside short long;
        "collections.rows" [collections.rows]: short long;
        "collections.inserts" [collections.inserts]: short long;
        "collections.updates" [collections.updates]: short long;
        "collections.deletes" [collections.deletes]: short long;
        "collections.referenced-by" [collections.referenced_by]: short long;
        "columns.start" [columns.start]: late beyond short long;
        "columns.name" [columns.name]: absent outside;
        "columns.type" [columns.type_]: absent outside short long;
        "columns.length" [columns.length]: short long;
        "columns.bits" [columns.bits]: short long;
        "indexes.start" [indexes.start]: late beyond short long;
        "indexes.name" [indexes.name]: absent outside;
        "indexes.bits" [indexes.bits]: unknown short long;
        "indexes.column-start" [indexes.column_start]: late beyond short long;
        "indexes.column" [indexes.column]: late outside;
        "foreign-keys.start" [foreign_keys.start]: late beyond short long;
        "foreign-keys.name" [foreign_keys.name]: absent outside;
        "foreign-keys.referenced-schema" [foreign_keys.referenced_schema]: absent outside short long;
        "foreign-keys.referenced-name" [foreign_keys.referenced_name]: absent outside short long;
        "foreign-keys.on-delete" [foreign_keys.on_delete]: unknown short long;
        "foreign-keys.column-start" [foreign_keys.column_start]: late beyond short long;
        "foreign-keys.column" [foreign_keys.column]: late outside absent;
        "checks.start" [checks.start]: late beyond short long;
        "checks.name" [checks.name]: absent outside;
        "checks.definition" [checks.definition]: absent outside short long;
        "triggers.start" [triggers.start]: late beyond short long;
        "triggers.name" [triggers.name]: absent outside;
        "triggers.function" [triggers.function]: absent outside short long;
        "triggers.type" [triggers.type_]: unknown short long;
        "triggers.enabled" [triggers.enabled]: unknown short long;
    );
    check(&facts.batch(), &breaks, |batch| {
        Facts::new(batch).err().map(|malformed| malformed.list)
    });
    Ok(())
}
