-- A small estate as an application might have it: a registry of collections, a
-- species mapping, a birth registry with its trigger function, issues, health
-- checks, and a few of the registered tables.
CREATE SCHEMA inventory;
SET search_path = inventory;

CREATE TABLE collection_registry (
  collection_key  text PRIMARY KEY,
  title           text NOT NULL,
  governance_role varchar(40),
  created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE species (species_code text PRIMARY KEY, title text NOT NULL);
CREATE TABLE species_collection_map (
  species_code   text NOT NULL REFERENCES species,
  collection_key text NOT NULL REFERENCES collection_registry,
  PRIMARY KEY (species_code, collection_key)
);
CREATE TABLE birth_registry (
  birth_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  collection_key text NOT NULL,
  entity_key     text NOT NULL,
  born_at        timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE system_issues (
  issue_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  category   text NOT NULL,
  title      text NOT NULL,
  status     text NOT NULL DEFAULT 'open',
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE system_health_checks (
  check_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  type       text NOT NULL,
  detail     jsonb,
  checked_at timestamptz NOT NULL DEFAULT now()
);
CREATE FUNCTION fn_birth_registry_auto() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO inventory.birth_registry (collection_key, entity_key)
  VALUES (TG_TABLE_NAME, to_jsonb(NEW) ->> 'id');
  RETURN NULL;
END $$;

CREATE TABLE customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, email text UNIQUE);
CREATE TABLE products (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sku text UNIQUE NOT NULL, title text NOT NULL);
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, placed_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE reviews (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, product_id bigint NOT NULL REFERENCES products, customer_id bigint NOT NULL REFERENCES customers, title text NOT NULL, body text NOT NULL, written_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE product_tags (product_id bigint REFERENCES products, tag_id bigint, PRIMARY KEY (product_id, tag_id));
CREATE TABLE audit_log (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), actor text, action text);

INSERT INTO collection_registry (collection_key, title, governance_role) VALUES
  ('customers', 'Customers', 'governed'),
  ('products', 'Products', 'governed'),
  ('orders', 'Orders', 'locked'),
  ('reviews', 'Reviews', 'governed'),
  ('product_tags', 'Tags of products', 'observed'),
  ('audit_log', 'Audit log', 'observed');
INSERT INTO species VALUES ('person', 'A person'), ('thing', 'A thing'), ('deal', 'A deal');
INSERT INTO species_collection_map VALUES ('person', 'customers'), ('thing', 'products'), ('deal', 'orders');
