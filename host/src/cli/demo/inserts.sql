-- One birth for a customer, none for an entry of the audit log.
INSERT INTO inventory.customers (name, email) VALUES ('Ada', 'ada@example.org');
INSERT INTO inventory.audit_log (actor, action) VALUES ('ada', 'signed up');
DO $$
DECLARE
  births text;
BEGIN
  SELECT string_agg(collection_key || ' ' || entity_key, ', ') INTO births FROM inventory.birth_registry;
  IF births IS DISTINCT FROM 'customers 1' THEN
    RAISE EXCEPTION 'the birth registry holds: %', births;
  END IF;
END $$;
