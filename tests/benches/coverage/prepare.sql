-- Rows of the registry beyond the tables there are share those tables.
ALTER TABLE inventory.collection_registry ADD COLUMN IF NOT EXISTS physical_table text;
INSERT INTO inventory.collection_registry (collection_key, governance_role, physical_table)
SELECT inventory.key_of(i), 'governed', inventory.key_of((i - 1) % :tables + 1)
FROM generate_series(:tables + 1, :collections) i;
INSERT INTO inventory.species_collection_map (species, collection_key)
SELECT 'species-' || i % 100, inventory.key_of(i) FROM generate_series(:tables + 1, :collections) i
WHERE inventory.kind_of(i) = 'content' AND (i - 1) / 10 % 10 <> 9;
-- Nine of ten are decided; one log in ten without a reason.
UPDATE inventory.collection_registry SET
  coverage_status = CASE split_part(collection_key, '_', 1)
    WHEN 'junction' THEN 'BIRTH_EXEMPT_JUNCTION' WHEN 'log' THEN 'BIRTH_EXEMPT_LOG' WHEN 'cache' THEN 'BIRTH_EXEMPT_CACHE'
    ELSE 'BIRTH_REQUIRED' END,
  coverage_scope_status = 'IN_SCOPE',
  coverage_exemption_reason = CASE WHEN split_part(collection_key, '_', 1) IN ('junction', 'log', 'cache')
    AND right(collection_key, 2) <> '09' THEN 'it is one' END,
  coverage_decided_at = now(), coverage_decided_by = 'bench'
WHERE right(split_part(collection_key, '_', 2), 3)::int % 10 <> 1;
