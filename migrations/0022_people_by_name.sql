-- Agents are told of people by their names (requirement G5): whom somebody knows is found by it.
CALL take_tables('users');
-- A column, because row-level security lets an index only help with what cannot tell of other rows, as lower() could.
ALTER TABLE users ADD COLUMN name_key text NOT NULL GENERATED ALWAYS AS (lower(name)) STORED;
CREATE INDEX users_by_name ON users (name_key, id);
GRANT SELECT (name_key) ON users TO taskwire_app;
