//! The views of each role read what was put into a batch.

use birth_sdk::testing;
use birth_sdk::{RelationKind, TriggerEnabled, TriggerType};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[test]
fn a_classification_batch_reads_as_nested_facts() -> Outcome {
    let facts: testing::classification::Facts = serde_json::from_str(
        r#"{"collections": [
          {"key": "empty", "kind": 0, "rows": 255},
          {"key": "order_items", "role": " governed ", "schema": "shop", "name": "order_items",
           "kind": 1, "bits": 66, "comment": "lines", "rows": 11, "referenced_by": 2,
           "columns": [
             {"name": "id", "type": "bigint", "bits": 57},
             {"name": "note", "type": "character varying", "length": 80},
             {"name": "order_id", "type": "bigint", "bits": 1}],
           "indexes": [
             {"name": "lower_note", "bits": 24, "columns": [null, 2]},
             {"name": "order_items_pkey", "bits": 19, "columns": [0]}],
           "foreign_keys": [
             {"name": "to_order", "referenced_schema": "shop", "referenced_name": "orders",
              "on_delete": 2, "columns": [2]}],
           "checks": [{"name": "positive", "definition": "CHECK ((id > 0))"}],
           "triggers": [{"name": "t", "function": "shop.f()", "type": 5, "enabled": 1}]},
          {"key": "last", "kind": 8, "columns": [{"name": "id", "type": "uuid"}],
           "indexes": [{"name": "i", "columns": [0]}]}]}"#,
    )?;
    let batch = facts.batch();
    let facts = birth_sdk::classification::Facts::new(&batch)?;
    let collections: Vec<_> = facts.collections().collect();
    let [empty, items, last] = collections.as_slice() else {
        return Err("three collections".into());
    };
    assert_eq!(empty.key(), "empty");
    assert_eq!((empty.role(), empty.rows()), (None, None));
    assert_eq!(empty.kind(), RelationKind::None);
    assert_eq!((empty.columns().len(), empty.triggers().len()), (0, 0));
    assert!(empty.primary_key().is_none());

    assert_eq!(items.role().map(|role| role.as_str()), Some(" governed "));
    assert!(items.has_row_security() && !items.is_unlogged() && !items.has_rules());
    assert!(!items.inherits() && !items.is_inherited() && !items.is_owned_by_extension());
    assert_eq!(items.comment().map(|text| text.as_str()), Some("lines"));
    let thousand = birth_sdk::classification::Magnitude::of(1024);
    assert_eq!(items.rows(), Some(thousand));
    assert_eq!(items.referenced_by(), 2);
    let columns: Vec<_> = items.columns().collect();
    assert!(columns[0].is_not_null() && columns[0].is_identity());
    assert!(columns[0].is_in_primary_key() && columns[0].has_identifier_default());
    assert!(!columns[0].has_default() && !columns[0].is_generated() && !columns[0].is_array());
    assert_eq!((columns[0].length(), columns[1].length()), (None, Some(80)));
    assert_eq!(columns[1].type_name(), "character varying");

    let indexes: Vec<_> = items.indexes().collect();
    let keys: Vec<_> = indexes[0].columns().collect();
    assert!(keys[0].is_none());
    assert_eq!(keys[1].map(|key| key.name().as_str()), Some("order_id"));
    assert!(indexes[0].has_expressions() && indexes[0].is_valid() && !indexes[0].is_unique());
    let primary = items.primary_key().ok_or("a primary key")?;
    assert_eq!(primary.name(), "order_items_pkey");
    assert!(primary.is_unique() && !primary.is_partial() && !primary.is_not_btree());

    let key = items.foreign_keys().next().ok_or("a foreign key")?;
    assert_eq!(key.referenced_name(), "orders");
    assert_eq!(
        key.on_delete(),
        birth_sdk::classification::OnDelete::Cascade
    );
    let names: Vec<_> = key.columns().map(|column| column.name().as_str()).collect();
    assert_eq!(names, ["order_id"]);
    let check = items.checks().next().ok_or("a check")?;
    assert_eq!(check.definition(), "CHECK ((id > 0))");
    let trigger = items.triggers().next().ok_or("a trigger")?;
    assert_eq!(trigger.trigger_type(), TriggerType::AFTER_INSERT_ROW);
    assert_eq!(trigger.enabled(), TriggerEnabled::Disabled);

    // Positions count from the first column of the collection itself.
    let key = last
        .indexes()
        .next()
        .and_then(|index| index.columns().next());
    let type_name = key.flatten().map(|column| column.type_name().as_str());
    assert_eq!(type_name, Some("uuid"));
    Ok(())
}

#[test]
fn a_conflict_batch_reads_as_nested_facts() -> Outcome {
    let facts: testing::conflict::Facts = serde_json::from_str(
        r#"{
          "relations": [{"schema": "s", "name": "v", "kind": 4}, {"schema": "s", "name": "r", "kind": 2}],
          "columns": [
            {"relation": 1, "name": "a", "wanted": "timestamptz"},
            {"name": "b", "wanted": "text", "longest_value": 7, "system_column": true,
             "live": {"type": "varchar", "type_name": "character varying(9)", "max_length": 9, "inherited": true}}],
          "checks": [
            {"name": "c", "column": "b", "values": ["X", ""], "rows_outside": -1},
            {"name": "d", "column": "b", "values": ["Y"], "rows_outside": 4, "value_outside": "Z", "live": [
              {"name": "d", "form": "values", "values": ["Y", "W"], "definition": "CHECK …", "holds_name": true},
              {"name": "e", "form": "not-a-check", "definition": "UNIQUE (b)", "validated": false, "rejects_null": true}]}],
          "triggers": [{"relation": 1, "name": "t", "function": "s.f()", "wanted_type": 5, "live": [
              {"name": "u", "function": "s.g()", "type": 29, "bits": 289, "enabled": 2}]}]}"#,
    )?;
    let batch = facts.batch();
    let facts = birth_sdk::conflict::Facts::new(&batch)?;
    let columns: Vec<_> = facts.columns().collect();
    assert_eq!(columns[0].relation().kind(), RelationKind::PartitionedTable);
    assert_eq!(columns[0].relation().schema(), "s");
    assert!(columns[0].live().is_none() && columns[0].longest_value().is_none());
    assert_eq!(columns[1].relation().name(), "v");
    assert_eq!(columns[1].longest_value(), Some(7));
    assert!(columns[1].is_held_by_system_column());
    let live = columns[1].live().ok_or("a live column")?;
    assert_eq!(live.live_type(), birth_sdk::conflict::LiveType::Varchar);
    assert_eq!(live.max_length(), Some(9));
    assert!(live.is_inherited() && !live.is_not_null() && !live.is_generated());

    let checks: Vec<_> = facts.checks().collect();
    let values: Vec<_> = checks[0].values().map(|value| value.as_str()).collect();
    assert_eq!(values, ["X", ""]);
    assert_eq!(
        (checks[0].rows_outside(), checks[1].rows_outside()),
        (None, Some(4))
    );
    assert_eq!((checks[0].live().len(), checks[1].live().len()), (0, 2));
    let constraints: Vec<_> = checks[1].live().collect();
    assert!(constraints[0].holds_name() && constraints[0].is_validated());
    assert_eq!(constraints[0].values().len(), 2);
    assert!(!constraints[1].holds_name() && !constraints[1].is_validated());
    assert!(constraints[1].rejects_null() && constraints[1].is_enforced());
    assert_eq!(constraints[1].values().len(), 0);

    let trigger = facts.triggers().next().ok_or("a trigger")?;
    let live = trigger.live().next().ok_or("a live trigger")?;
    assert_eq!(live.function(), "s.g()");
    let (kind, traits) = (live.trigger_type(), live.traits());
    assert!(kind.is_row() && kind.is_after() && kind.on_insert());
    assert!(kind.on_delete() && kind.on_update() && !kind.on_truncate());
    assert!(traits.holds_name() && traits.has_when() && traits.has_transition_tables());
    assert!(!traits.is_bound_to_function() && !traits.is_clone() && !traits.is_internal());
    assert_eq!(live.enabled(), TriggerEnabled::Replica);
    Ok(())
}

#[test]
fn a_coverage_batch_reads_as_nested_facts() -> Outcome {
    let facts: testing::coverage::Facts = serde_json::from_str(
        r#"{"storage_ready": true, "now": 1700000000, "collections": [
          {"key": "a", "kind": 1, "triggers": [{"name": "t", "function": "s.f()", "type": 7, "bits": 3}]},
          {"key": "b", "kind": 3, "coverage_status": "BIRTH_REQUIRED", "decided_at": -5,
           "decided_by": "me", "species_mappings": 2}]}"#,
    )?;
    let batch = facts.batch();
    let facts = birth_sdk::coverage::Facts::new(&batch)?;
    assert!(facts.is_storage_ready());
    assert_eq!(facts.now(), 1_700_000_000);
    let collections: Vec<_> = facts.collections().collect();
    assert_eq!(
        (collections[0].decided_at(), collections[1].decided_at()),
        (None, Some(-5))
    );
    assert_eq!(collections[1].kind(), RelationKind::Partition);
    let status = collections[1].coverage_status();
    assert_eq!(status.map(|status| status.as_str()), Some("BIRTH_REQUIRED"));
    assert!(collections[1].exemption_reason().is_none());
    assert_eq!(collections[1].species_mappings(), 2);
    assert_eq!(collections[1].triggers().len(), 0);
    let trigger = collections[0].triggers().next().ok_or("a trigger")?;
    let before = trigger.trigger_type();
    assert!(before.is_before() && !before.is_instead_of() && !before.is_after());
    let instead = TriggerType(64 | 5);
    assert!(instead.is_instead_of() && !instead.is_before() && !instead.is_after());
    assert!(trigger.traits().is_bound_to_function());
    assert_eq!(trigger.enabled(), TriggerEnabled::Origin);
    Ok(())
}

#[test]
fn a_memo_is_shared_by_all_columns_of_a_batch() -> Outcome {
    let facts: testing::classification::Facts = serde_json::from_str(
        r#"{"collections": [
          {"key": "a", "columns": [{"name": "id", "type": "uuid"}, {"name": "x_id", "type": "uuid"}]},
          {"key": "b", "columns": [{"name": "id", "type": "uuid"}]}]}"#,
    )?;
    let batch = facts.batch();
    let facts = birth_sdk::classification::Facts::new(&batch)?;
    let mut asked = Vec::new();
    let mut is_reference = facts.memo(|name| {
        asked.push(name.to_owned());
        name.ends_with("_id")
    });
    let columns = facts
        .collections()
        .flat_map(|collection| collection.columns());
    let references = columns
        .filter(|column| is_reference.get(column.name()))
        .count();
    assert_eq!(references, 1);
    assert_eq!(asked, ["id", "x_id"]);
    Ok(())
}
