-- Administrators see how the server performs (requirement O1), and have no right to anybody's data by it: whoever signs up
-- first, and whom `taskwire admin` names.
CALL take_tables('users');
ALTER TABLE users ADD COLUMN administrator boolean NOT NULL DEFAULT false;
-- A login that may not bypass row-level security would find nobody to name.
ALTER TABLE users NO FORCE ROW LEVEL SECURITY;
UPDATE users SET administrator = true WHERE id = (SELECT id FROM users ORDER BY created_at, id LIMIT 1);
ALTER TABLE users FORCE ROW LEVEL SECURITY;

-- Whatever the statement says: the application may insert people, but not say who administers.
CREATE FUNCTION users_first() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    NEW.administrator := false;
    IF NOT EXISTS (SELECT FROM users) THEN
        -- Of two at the same moment the later waits here, and then sees that it is the second.
        PERFORM pg_advisory_xact_lock(hashtextextended('the first user', 0));
        NEW.administrator := NOT EXISTS (SELECT FROM users);
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER users_first BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION users_first();

GRANT SELECT (administrator) ON users TO taskwire_app;
-- What `taskwire admin` works as.
GRANT UPDATE (administrator) ON users TO taskwire_owner;
CREATE POLICY administering ON users FOR UPDATE TO taskwire_owner USING (true);

DROP FUNCTION account_for_sign_in(text);
CREATE FUNCTION account_for_sign_in(p_email text)
RETURNS TABLE (
    id uuid, email text, name text, time_zone text, created_at timestamptz, administrator boolean, password_hash text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id, email, name, time_zone, created_at, administrator, password_hash FROM users WHERE users.email = p_email
$$;

ALTER FUNCTION users_first() OWNER TO taskwire_owner;
ALTER FUNCTION account_for_sign_in(text) OWNER TO taskwire_owner;
REVOKE EXECUTE ON FUNCTION users_first(), account_for_sign_in(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION account_for_sign_in(text) TO taskwire_app;
