-- The five conditions of the B3 design, section 3, for the schema of the
-- benchmark's estate and for nothing else.
WITH born AS (
  SELECT DISTINCT t.tgrelid AS oid FROM pg_trigger t
  WHERE t.tgfoid = 'inventory.fn_birth_registry_auto'::regproc AND t.tgtype = 5 AND t.tgenabled IN ('O', 'A')
    AND t.tgqual IS NULL AND t.tgnargs = 0 AND NOT t.tgisinternal),
mapped AS (SELECT DISTINCT collection_key FROM inventory.species_collection_map),
registered AS (
  SELECT r.*, c.oid, m.collection_key IS NOT NULL AS mapped, b.oid IS NOT NULL AS born
  FROM inventory.collection_registry r
    LEFT JOIN pg_class c ON c.relname = coalesce(r.physical_table, r.collection_key)::name
      AND c.relkind IN ('r', 'p') AND c.relnamespace = 'app'::regnamespace
    LEFT JOIN mapped m ON m.collection_key = r.collection_key
    LEFT JOIN born b ON b.oid = c.oid
  WHERE r.governance_role IN ('governed', 'locked', 'law_artifact', 'observed'))
SELECT collection_key, 'TABLE_MISSING' FROM registered WHERE oid IS NULL
UNION ALL SELECT collection_key, 'POLICY_UNDECIDED' FROM registered WHERE coverage_status IS NULL
UNION ALL SELECT collection_key, 'SPECIES_UNMAPPED' FROM registered WHERE coverage_status = 'BIRTH_REQUIRED' AND NOT mapped
UNION ALL SELECT collection_key, 'TRIGGER_MISSING' FROM registered
  WHERE coverage_status = 'BIRTH_REQUIRED' AND oid IS NOT NULL AND NOT born
UNION ALL SELECT collection_key, 'EXEMPTION_UNEXPLAINED' FROM registered
  WHERE coverage_status LIKE 'BIRTH\_EXEMPT\_%' AND coverage_exemption_reason IS NULL
ORDER BY 1, 2;
