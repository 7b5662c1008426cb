-- Personal API tokens (requirement A4): credentials beside sessions, each with scopes.
CALL take_tables('users, sessions');

CREATE TABLE api_tokens (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    -- SHA-256 of the secret, which is not kept.
    secret_hash bytea NOT NULL UNIQUE CHECK (octet_length(secret_hash) = 32),
    scopes text[] NOT NULL CHECK (
        cardinality(scopes) > 0
        AND scopes <@ '{tasks:read,tasks:write,teams:read,teams:write,dashboard:read}'::text[]
    ),
    created_at timestamptz NOT NULL,
    last_used_at timestamptz,
    -- NULL for one that lasts until it is revoked.
    expires_at timestamptz CHECK (expires_at > created_at),
    revoked_at timestamptz
);
CREATE INDEX api_tokens_of ON api_tokens (user_id, created_at DESC, id DESC) WHERE revoked_at IS NULL;

ALTER TABLE api_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON api_tokens TO taskwire_app USING (user_id = (SELECT app_user_id()));
CREATE POLICY definer ON api_tokens FOR SELECT TO taskwire_owner USING (true);
-- A token never gets other rights, nor another end, than it was made with.
GRANT SELECT (id, user_id, name, scopes, created_at, last_used_at, expires_at, revoked_at), INSERT,
    UPDATE (last_used_at, revoked_at)
ON api_tokens TO taskwire_app;
GRANT SELECT ON api_tokens TO taskwire_owner;

-- Whose token this is, before there is an identity.
CREATE FUNCTION api_token_of(p_hash bytea, p_now timestamptz) RETURNS TABLE (id uuid, user_id uuid, scopes text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id, user_id, scopes FROM api_tokens
    WHERE secret_hash = p_hash AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > p_now)
$$;

-- The one way in: sets the identity and refuses a credential that does not hold: a session that has ended or expired, a
-- token that was revoked or has expired. The arguments come from a verified token. The last use is written at most every
-- five minutes, so that reading stays reading.
DROP FUNCTION scope_open(uuid, uuid, timestamptz);
CREATE FUNCTION scope_open(p_user uuid, p_credential uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    long_ago timestamptz := p_now - interval '5 minutes';
    used timestamptz;
BEGIN
    PERFORM set_config('app.user_id', p_user::text, true);
    SELECT last_seen_at INTO used FROM sessions
    WHERE id = p_credential AND user_id = p_user AND ended_at IS NULL AND expires_at > p_now;
    IF FOUND THEN
        IF used < long_ago THEN
            -- Asked again, for the request that came at the same moment and was first.
            UPDATE sessions SET last_seen_at = p_now WHERE id = p_credential AND last_seen_at < long_ago;
        END IF;
        RETURN;
    END IF;
    SELECT coalesce(last_used_at, '-infinity') INTO used FROM api_tokens
    WHERE id = p_credential AND user_id = p_user AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > p_now);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the session has ended' USING ERRCODE = 'TW401';
    END IF;
    IF used < long_ago THEN
        UPDATE api_tokens SET last_used_at = p_now
        WHERE id = p_credential AND (last_used_at IS NULL OR last_used_at < long_ago);
    END IF;
END
$$;

DROP FUNCTION audit_denied(uuid, uuid, text, text, bigint, uuid, timestamptz, inet, text);
CREATE FUNCTION audit_denied(
    p_user uuid, p_credential uuid, p_action text, p_target text, p_task bigint, p_team uuid, p_now timestamptz,
    p_address inet, p_user_agent text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    lines integer;
BEGIN
    IF NOT EXISTS (SELECT FROM sessions WHERE id = p_credential AND user_id = p_user)
        AND NOT EXISTS (SELECT FROM api_tokens WHERE id = p_credential AND user_id = p_user)
    THEN
        RAISE EXCEPTION 'no such session' USING ERRCODE = 'TW401';
    END IF;
    INSERT INTO audit_log (at, actor_id, account_id, team_id, action, target, address, user_agent)
    SELECT p_now, p_user, concerned.account_id, concerned.team_id, p_action || '.denied', p_target, p_address, p_user_agent
    FROM (
        SELECT p_user AS account_id, NULL::uuid AS team_id
        UNION ALL SELECT NULL, id FROM teams WHERE id = p_team
        UNION ALL SELECT NULL, team_id FROM tasks WHERE id = p_task AND team_id IS NOT NULL
        UNION ALL SELECT NULL, team_id FROM deleted_tasks WHERE id = p_task AND team_id IS NOT NULL
    ) concerned;
    GET DIAGNOSTICS lines = ROW_COUNT;
    -- The ids of one's own lines must not tell whether there was one for a team.
    IF lines = 1 THEN
        PERFORM nextval('audit_log_id_seq');
    END IF;
END
$$;

ALTER FUNCTION api_token_of(bytea, timestamptz) OWNER TO taskwire_owner;
ALTER FUNCTION audit_denied(uuid, uuid, text, text, bigint, uuid, timestamptz, inet, text) OWNER TO taskwire_owner;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    api_token_of(bytea, timestamptz),
    scope_open(uuid, uuid, timestamptz),
    audit_denied(uuid, uuid, text, text, bigint, uuid, timestamptz, inet, text)
TO taskwire_app;
