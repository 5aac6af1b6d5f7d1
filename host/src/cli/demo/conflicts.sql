-- What stands in the way in a registry with a past: a column of another type,
-- one that is too short, a check that allows other values, one whose meaning
-- cannot be proved, and rows outside the list to come.
ALTER TABLE inventory.collection_registry
  ADD COLUMN coverage_decided_at text,
  ADD COLUMN coverage_status varchar(8),
  ADD COLUMN coverage_scope_status text,
  ADD CONSTRAINT chk_collection_registry_coverage_status
    CHECK (coverage_status IN ('YES', 'NO')),
  ADD CONSTRAINT chk_collection_registry_coverage_scope_status
    CHECK (lower(coverage_scope_status) = 'in_scope');
UPDATE inventory.collection_registry SET coverage_status = 'YES';
