-- What agents do (requirements G2, G5): each call of a tool, and what it changed, so that it can be undone.
--
-- Triggers record the changes, whatever statement makes them: a transaction that bears the id of a call in `app.tool_call`
-- leaves what each task and share was before and is after. Without its call a change cannot be committed.
CALL take_tables('users, api_tokens, tasks, task_shares, share_invitations');

CREATE TABLE tool_calls (
    -- Of version 7: they are in the order of time.
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    -- NULL for whoever is signed in.
    token_id uuid REFERENCES api_tokens ON DELETE SET NULL,
    -- What the client calls itself.
    client text NOT NULL CHECK (char_length(client) <= 100),
    tool text NOT NULL CHECK (char_length(tool) <= 64),
    -- As they came: jsonb would not take every text.
    arguments json NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('done', 'asked', 'refused', 'failed')),
    -- Why it was refused.
    detail text CHECK (char_length(detail) <= 500),
    called_at timestamptz NOT NULL,
    duration_us bigint NOT NULL CHECK (duration_us >= 0),
    -- Whether there is anything in tool_call_changes.
    changed boolean NOT NULL,
    undone_at timestamptz,
    UNIQUE (id, user_id)
);
CREATE INDEX tool_calls_of ON tool_calls (user_id, id DESC);
CREATE INDEX tool_calls_changing ON tool_calls (user_id, id DESC) WHERE changed;
CREATE INDEX tool_calls_token ON tool_calls (token_id) WHERE token_id IS NOT NULL;
CREATE INDEX tool_calls_by_time ON tool_calls (called_at);

CREATE TABLE tool_call_changes (
    call_id uuid NOT NULL,
    -- In the order in which it was done.
    no bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    user_id uuid NOT NULL,
    task_id bigint NOT NULL,
    -- Whom a share is for; NULL for the task itself.
    share_email text,
    -- NULL for what was not there.
    before jsonb,
    after jsonb,
    PRIMARY KEY (call_id, no),
    -- The call is written at the end, when it is known how long it took.
    FOREIGN KEY (call_id, user_id) REFERENCES tool_calls (id, user_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    CHECK (before IS NOT NULL OR after IS NOT NULL)
);

ALTER TABLE tool_calls ENABLE ROW LEVEL SECURITY;
ALTER TABLE tool_calls FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON tool_calls TO taskwire_app USING (user_id = (SELECT app_user_id()));
CREATE POLICY definer ON tool_calls TO taskwire_owner USING (true);
-- What was recorded stays as it was recorded.
GRANT SELECT, UPDATE (undone_at) ON tool_calls TO taskwire_app;
GRANT SELECT, INSERT, DELETE ON tool_calls TO taskwire_owner;

ALTER TABLE tool_call_changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE tool_call_changes FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON tool_call_changes FOR SELECT TO taskwire_app USING (user_id = (SELECT app_user_id()));
CREATE POLICY definer ON tool_call_changes TO taskwire_owner USING (true);
GRANT SELECT ON tool_call_changes TO taskwire_app;
GRANT SELECT, INSERT ON tool_call_changes TO taskwire_owner;

CREATE FUNCTION app_tool_call() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('app.tool_call', true), '')::uuid;

-- What of a task a call can change.
CREATE FUNCTION task_state(task tasks) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = public, pg_temp
RETURN jsonb_build_object(
    'title', task.title, 'description', task.description, 'status', task.status, 'completed_at', task.completed_at
);

CREATE FUNCTION tasks_record() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO tool_call_changes (call_id, user_id, task_id, after)
        SELECT app_tool_call(), app_user_id(), id, task_state(new_tasks) FROM new_tasks ORDER BY id;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO tool_call_changes (call_id, user_id, task_id, before)
        SELECT app_tool_call(), app_user_id(), id, task_state(old_tasks) FROM old_tasks ORDER BY id;
    ELSE
        INSERT INTO tool_call_changes (call_id, user_id, task_id, before, after)
        SELECT app_tool_call(), app_user_id(), id, task_state(old_tasks), task_state(new_tasks)
        FROM old_tasks JOIN new_tasks USING (id) ORDER BY id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER tasks_record_insert AFTER INSERT ON tasks REFERENCING NEW TABLE AS new_tasks
    FOR EACH STATEMENT WHEN (app_tool_call() IS NOT NULL) EXECUTE FUNCTION tasks_record();
CREATE TRIGGER tasks_record_update AFTER UPDATE ON tasks REFERENCING OLD TABLE AS old_tasks NEW TABLE AS new_tasks
    FOR EACH STATEMENT WHEN (app_tool_call() IS NOT NULL) EXECUTE FUNCTION tasks_record();
CREATE TRIGGER tasks_record_delete AFTER DELETE ON tasks REFERENCING OLD TABLE AS old_tasks
    FOR EACH STATEMENT WHEN (app_tool_call() IS NOT NULL) EXECUTE FUNCTION tasks_record();

-- For shares and for invitations, which come and go one by one. What goes with a task comes back with it.
CREATE FUNCTION shares_record() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    -- The two tables name people differently.
    share jsonb := to_jsonb(coalesce(NEW, OLD));
BEGIN
    INSERT INTO tool_call_changes (call_id, user_id, task_id, share_email, before, after)
    SELECT app_tool_call(), app_user_id(), task.id,
        coalesce(share->>'email', (SELECT email FROM users WHERE id = (share->>'user_id')::uuid)),
        to_jsonb(OLD)->'permission', to_jsonb(NEW)->'permission'
    FROM tasks task WHERE task.id = (share->>'task_id')::bigint;
    RETURN NULL;
END
$$;
CREATE TRIGGER task_shares_record AFTER INSERT OR UPDATE OR DELETE ON task_shares
    FOR EACH ROW WHEN (app_tool_call() IS NOT NULL) EXECUTE FUNCTION shares_record();
CREATE TRIGGER share_invitations_record AFTER INSERT OR UPDATE OR DELETE ON share_invitations
    FOR EACH ROW WHEN (app_tool_call() IS NOT NULL) EXECUTE FUNCTION shares_record();

-- Writes a call, in the transaction of what it changed or alone. Once it is written it stays as it is. The arguments come
-- from a verified token.
CREATE FUNCTION tool_call_note(
    p_user uuid, p_credential uuid, p_id uuid, p_client text, p_tool text, p_arguments json, p_outcome text, p_detail text,
    p_called_at timestamptz, p_duration_us bigint
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    token uuid := (SELECT id FROM api_tokens WHERE id = p_credential AND user_id = p_user);
BEGIN
    IF token IS NULL AND NOT EXISTS (SELECT FROM sessions WHERE id = p_credential AND user_id = p_user) THEN
        RAISE EXCEPTION 'no such session' USING ERRCODE = 'TW401';
    END IF;
    INSERT INTO tool_calls (
        id, user_id, token_id, client, tool, arguments, outcome, detail, called_at, duration_us, changed
    ) VALUES (
        p_id, p_user, token, p_client, p_tool, p_arguments, p_outcome, p_detail, p_called_at, p_duration_us,
        EXISTS (SELECT FROM tool_call_changes WHERE call_id = p_id)
    )
    ON CONFLICT (id) DO NOTHING;
END
$$;

-- The calls from before this instant go, with their changes: at most so many at a time, and the number that went.
CREATE FUNCTION tool_calls_forget(p_before timestamptz, p_most bigint) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (
        DELETE FROM tool_calls
        WHERE id IN (SELECT id FROM tool_calls WHERE called_at < p_before ORDER BY called_at LIMIT p_most)
        RETURNING id
    )
    SELECT count(*) FROM gone
$$;

ALTER FUNCTION tasks_record() OWNER TO taskwire_owner;
ALTER FUNCTION shares_record() OWNER TO taskwire_owner;
ALTER FUNCTION tool_call_note(uuid, uuid, uuid, text, text, json, text, text, timestamptz, bigint) OWNER TO taskwire_owner;
ALTER FUNCTION tool_calls_forget(timestamptz, bigint) OWNER TO taskwire_owner;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_tool_call(), task_state(tasks) TO taskwire_app, taskwire_owner;
GRANT EXECUTE ON FUNCTION
    tool_call_note(uuid, uuid, uuid, text, text, json, text, text, timestamptz, bigint),
    tool_calls_forget(timestamptz, bigint)
TO taskwire_app;
