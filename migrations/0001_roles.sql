-- Who may do what, below any application code.
--
-- taskwire_app    what the server is on every connection. Row-level security holds for it.
-- taskwire_owner  what the few SECURITY DEFINER functions and the counting triggers run as. It cannot log in and
--                 cannot bypass row-level security either: it sees what policies name it for.
--
-- Roles belong to the whole cluster, so they may be there already, or be made by another database's migration
-- at this very moment.
DO $$
DECLARE
    role_name text;
    -- Since version 16 a login that may create roles administers those it made, but may not become them.
    needed text := CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['taskwire_app', 'taskwire_owner'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', role_name);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
        IF NOT pg_has_role(current_user, role_name, needed) THEN
            EXECUTE format('GRANT %I TO %I', role_name, current_user);
        END IF;
    END LOOP;
END
$$;

GRANT USAGE ON SCHEMA public TO taskwire_app, taskwire_owner;
-- A function's owner needs this at the moment it becomes the owner.
GRANT CREATE ON SCHEMA public TO taskwire_owner;
