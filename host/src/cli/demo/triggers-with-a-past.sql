-- What a birth trigger can find in its place: our name with another function,
-- and our function in a trigger that is switched off.
CREATE FUNCTION inventory.greet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER trg_birth_customers AFTER INSERT ON inventory.customers
  FOR EACH ROW EXECUTE FUNCTION inventory.greet();
CREATE TRIGGER births AFTER INSERT ON inventory.products
  FOR EACH ROW EXECUTE FUNCTION inventory.fn_birth_registry_auto();
ALTER TABLE inventory.products DISABLE TRIGGER births;
