-- The audit log as a chain that shows what was changed or removed (requirement I4), and refused attempts.
--
-- Lines are sealed in batches behind the writers, so that none waits for another: a seal holds a hash over the seal
-- before it and over its lines. audit_faults() finds a line that was changed, removed or slipped in after it was sealed,
-- and a seal that is missing in between. What was cut off at the end shows by the number and the hash of the last seal,
-- which the server also writes into its own log (`taskwire audit verify --head`).
ALTER TABLE audit_log ADD COLUMN seal bigint;
-- Room for a task's title and an address.
ALTER TABLE audit_log DROP CONSTRAINT audit_log_target_check, ADD CHECK (char_length(target) <= 500);
CREATE INDEX audit_log_unsealed ON audit_log (id) WHERE seal IS NULL;

CREATE TABLE audit_seals (
    no bigint PRIMARY KEY CHECK (no > 0),
    lines integer NOT NULL CHECK (lines > 0),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    sealed_at timestamptz NOT NULL
);
ALTER TABLE audit_seals ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_seals FORCE ROW LEVEL SECURITY;
CREATE POLICY definer ON audit_seals TO taskwire_owner USING (true);
GRANT SELECT, INSERT ON audit_seals TO taskwire_owner;

DROP POLICY definer ON audit_log;
CREATE POLICY definer ON audit_log TO taskwire_owner USING (true);
GRANT SELECT, UPDATE (seal) ON audit_log TO taskwire_owner;
-- Which seal a line is under is not for its writer to say.
REVOKE INSERT ON audit_log FROM taskwire_app;
GRANT INSERT (at, actor_id, account_id, team_id, action, target, address, user_agent) ON audit_log TO taskwire_app;

-- A line in 32 bytes, whatever the settings of the session that asks.
CREATE FUNCTION audit_digest(line audit_log) RETURNS bytea
LANGUAGE sql STABLE SET search_path = public, pg_temp
RETURN sha256(convert_to(jsonb_build_array(
    line.id, to_char(line.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), line.actor_id, line.account_id,
    line.team_id, line.action, line.target, line.address::text, line.user_agent
)::text, 'UTF8'));

-- Seals what is not sealed yet, 10,000 lines at most. Nothing comes back where there is nothing to seal, or while
-- another server is at it.
CREATE FUNCTION audit_seal(p_now timestamptz) RETURNS TABLE (no bigint, lines integer, hash bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    last audit_seals;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('audit_seal', 0)) THEN
        RETURN;
    END IF;
    SELECT * INTO last FROM audit_seals ORDER BY audit_seals.no DESC LIMIT 1;
    RETURN QUERY
    WITH batch AS (
        UPDATE audit_log line SET seal = coalesce(last.no, 0) + 1
        WHERE id IN (SELECT id FROM audit_log WHERE seal IS NULL ORDER BY id LIMIT 10000)
        RETURNING line.id, audit_digest(line) AS digest
    )
    INSERT INTO audit_seals (no, lines, hash, sealed_at)
    SELECT coalesce(last.no, 0) + 1, count(*),
        sha256(coalesce(last.hash, '') || string_agg(digest, '' ORDER BY id)), p_now
    FROM batch HAVING count(*) > 0
    RETURNING audit_seals.no, audit_seals.lines, audit_seals.hash;
END
$$;

-- The seals that do not hold, and why. Reads the whole log.
CREATE FUNCTION audit_faults() RETURNS TABLE (seal bigint, fault text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH found AS (
        SELECT line.seal AS no, count(*) AS lines, string_agg(audit_digest(line), '' ORDER BY line.id) AS digests
        FROM audit_log line WHERE line.seal IS NOT NULL GROUP BY line.seal
    ), chain AS (
        SELECT no, lines, hash, lag(no, 1, 0::bigint) OVER (ORDER BY no) AS before,
            lag(hash, 1, '') OVER (ORDER BY no) AS hash_before
        FROM audit_seals
    )
    SELECT coalesce(chain.no, found.no), CASE
        WHEN chain.no IS NULL THEN format('there is no seal %s, but %s lines are under it', found.no, found.lines)
        WHEN chain.before <> chain.no - 1 THEN format('the seal %s before it is missing', chain.no - 1)
        WHEN chain.lines <> coalesce(found.lines, 0)
            THEN format('%s lines were sealed and %s are there', chain.lines, coalesce(found.lines, 0))
        ELSE 'a line is not as it was sealed'
    END
    FROM chain FULL JOIN found USING (no)
    WHERE chain.no IS NULL OR found.no IS NULL OR chain.before <> chain.no - 1 OR chain.lines <> found.lines
        OR chain.hash <> sha256(chain.hash_before || found.digests)
    ORDER BY 1
$$;

-- A refused attempt shows in the log of whoever made it, the same whether the thing exists or not, and in that of the
-- team that the thing belongs to.
CREATE FUNCTION audit_denied(
    p_user uuid, p_action text, p_target text, p_task bigint, p_team uuid, p_now timestamptz, p_address inet,
    p_user_agent text
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO audit_log (at, actor_id, account_id, team_id, action, target, address, user_agent)
    SELECT p_now, p_user, concerned.account_id, concerned.team_id, p_action, p_target, p_address, p_user_agent
    FROM (
        SELECT p_user AS account_id, NULL::uuid AS team_id
        UNION ALL SELECT NULL, id FROM teams WHERE id = p_team
        UNION ALL SELECT NULL, team_id FROM tasks WHERE id = p_task AND team_id IS NOT NULL
        UNION ALL SELECT NULL, team_id FROM deleted_tasks WHERE id = p_task AND team_id IS NOT NULL
    ) concerned
$$;

ALTER FUNCTION audit_seal(timestamptz) OWNER TO taskwire_owner;
ALTER FUNCTION audit_faults() OWNER TO taskwire_owner;
ALTER FUNCTION audit_denied(uuid, text, text, bigint, uuid, timestamptz, inet, text) OWNER TO taskwire_owner;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_digest(audit_log) TO taskwire_owner;
GRANT EXECUTE ON FUNCTION
    audit_seal(timestamptz),
    audit_denied(uuid, text, text, bigint, uuid, timestamptz, inet, text)
TO taskwire_app;
GRANT EXECUTE ON FUNCTION audit_faults() TO taskwire_owner;
