-- What the policies of 0010 to 0013 left to statements that the product does not make, and two rare deadlocks.

-- Nothing is kept as deleted but what is being deleted, which the statement that deletes it still sees.
DROP POLICY managing ON deleted_tasks;
CREATE POLICY seeing ON deleted_tasks FOR SELECT TO taskwire_app USING (app_manages(user_id, team_id));
CREATE POLICY ending ON deleted_tasks FOR DELETE TO taskwire_app USING (app_manages(user_id, team_id));
CREATE POLICY keeping ON deleted_tasks FOR INSERT TO taskwire_app WITH CHECK (
    app_manages(user_id, team_id)
    AND EXISTS (
        SELECT FROM tasks task
        WHERE task.id = deleted_tasks.id AND task.user_id = deleted_tasks.user_id
            AND task.team_id IS NOT DISTINCT FROM deleted_tasks.team_id
    )
);

-- The id that this connection drew last. Definer, because only the owner may read the sequence.
CREATE FUNCTION app_drawn_task_id() RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
RETURN currval('tasks_id_seq');

-- A task comes back as it was, by whoever may see it among the deleted ones, or is new: in one's own name, with the id
-- that it is given, so that nobody takes the ids of others in advance.
DROP POLICY creating ON tasks;
CREATE POLICY creating ON tasks FOR INSERT TO taskwire_app WITH CHECK (
    CASE WHEN EXISTS (
        SELECT FROM deleted_tasks gone
        WHERE gone.id = tasks.id AND gone.user_id = tasks.user_id AND gone.team_id IS NOT DISTINCT FROM tasks.team_id
    ) THEN true
    ELSE id = app_drawn_task_id()
        AND user_id = (SELECT app_user_id())
        AND (team_id IS NULL OR team_id = ANY ((SELECT app_team_ids('{owner,admin,member}'))::uuid[]))
    END
);
GRANT USAGE ON SEQUENCE tasks_id_seq TO taskwire_owner;

-- Nobody takes up a deleted team's id, and with it its log.
CREATE FUNCTION app_team_is_new(p_team uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
RETURN NOT EXISTS (SELECT FROM audit_log WHERE team_id = p_team);
DROP POLICY creating ON teams;
CREATE POLICY creating ON teams FOR INSERT TO taskwire_app
    WITH CHECK ((SELECT app_user_id()) IS NOT NULL AND app_team_is_new(id));

-- Into the log of a team write its members.
DROP POLICY writing ON audit_log;
CREATE POLICY writing ON audit_log FOR INSERT TO taskwire_app WITH CHECK (
    actor_id = (SELECT app_user_id())
    AND (team_id IS NULL OR team_id = ANY ((SELECT app_team_ids('{owner,admin,member,viewer}'))::uuid[]))
);

-- A refused attempt shows in the log of whoever made it, the same whether the thing exists or not, and in that of the
-- team that the thing belongs to. Only for somebody with this session, so that nobody writes in another's name.
DROP FUNCTION audit_denied(uuid, text, text, bigint, uuid, timestamptz, inet, text);
CREATE FUNCTION audit_denied(
    p_user uuid, p_session uuid, p_action text, p_target text, p_task bigint, p_team uuid, p_now timestamptz,
    p_address inet, p_user_agent text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    lines integer;
BEGIN
    IF NOT EXISTS (SELECT FROM sessions WHERE id = p_session AND user_id = p_user) THEN
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
CREATE POLICY definer ON sessions FOR SELECT TO taskwire_owner USING (true);
GRANT SELECT ON sessions TO taskwire_owner;
GRANT USAGE ON SEQUENCE audit_log_id_seq TO taskwire_owner;

CREATE OR REPLACE FUNCTION task_shares_count() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    changes share_change[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(change) INTO changes FROM (
            SELECT user_id, count(*) FILTER (WHERE permission = 'view'), count(*) FILTER (WHERE permission = 'edit')
            FROM new_shares GROUP BY user_id
        ) change;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(change) INTO changes FROM (
            SELECT user_id, -count(*) FILTER (WHERE permission = 'view'), -count(*) FILTER (WHERE permission = 'edit')
            FROM old_shares GROUP BY user_id
        ) change;
    ELSE
        SELECT array_agg(change) INTO changes FROM (
            SELECT user_id, sum((permission = 'view')::integer * sign), sum((permission = 'edit')::integer * sign)
            FROM (SELECT *, 1 AS sign FROM new_shares UNION ALL SELECT *, -1 FROM old_shares) share
            GROUP BY user_id
            -- A new owner of the task changes nothing for those who have it, so their counters are not locked.
            HAVING sum((permission = 'view')::integer * sign) <> 0 OR sum((permission = 'edit')::integer * sign) <> 0
        ) change;
    END IF;
    -- In one order, so that two statements about the same people queue instead of blocking each other.
    PERFORM FROM share_counters WHERE user_id IN (SELECT user_id FROM unnest(changes)) ORDER BY user_id FOR UPDATE;
    -- Only an update: when an account is deleted, its shares may go after its counters.
    UPDATE share_counters c SET view = c.view + change.view, edit = c.edit + change.edit
    FROM unnest(changes) change WHERE c.user_id = change.user_id;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION users_join() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM account_by_email(NEW.email);
    -- A team or a task that is being deleted at this moment is waited for, and then takes its invitations along.
    PERFORM FROM teams WHERE id IN (SELECT team_id FROM team_invitations WHERE email = NEW.email)
    ORDER BY id FOR KEY SHARE;
    PERFORM FROM tasks WHERE id IN (SELECT task_id FROM share_invitations WHERE email = NEW.email)
    ORDER BY id FOR KEY SHARE;
    -- Taken rather than read, so that one which is taken back at this moment does not count.
    WITH taken AS (
        DELETE FROM team_invitations WHERE email = NEW.email RETURNING team_id, role
    ), noted AS (
        INSERT INTO audit_log (at, actor_id, account_id, team_id, action, target)
        SELECT NEW.created_at, NEW.id, NEW.id, team_id, 'team.join', NEW.email FROM taken
    )
    INSERT INTO team_members (team_id, user_id, role, created_at)
    SELECT team_id, NEW.id, role, NEW.created_at FROM taken;
    WITH taken AS (
        DELETE FROM share_invitations WHERE email = NEW.email RETURNING task_id, owner_id, permission
    )
    INSERT INTO task_shares (task_id, owner_id, user_id, permission, created_at)
    SELECT task_id, owner_id, NEW.id, permission, NEW.created_at FROM taken;
    -- The deleted task before its invitations, as whoever ends it for good locks them.
    PERFORM FROM deleted_tasks WHERE id IN (SELECT task_id FROM deleted_share_invitations WHERE email = NEW.email)
    ORDER BY id FOR KEY SHARE;
    WITH taken AS (
        DELETE FROM deleted_share_invitations WHERE email = NEW.email RETURNING task_id, owner_id, permission
    )
    INSERT INTO deleted_task_shares (task_id, owner_id, user_id, permission, created_at)
    SELECT task_id, owner_id, NEW.id, permission, NEW.created_at FROM taken;
    RETURN NULL;
END
$$;

ALTER FUNCTION app_drawn_task_id() OWNER TO taskwire_owner;
ALTER FUNCTION app_team_is_new(uuid) OWNER TO taskwire_owner;
ALTER FUNCTION audit_denied(uuid, uuid, text, text, bigint, uuid, timestamptz, inet, text) OWNER TO taskwire_owner;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    app_drawn_task_id(),
    app_team_is_new(uuid),
    audit_denied(uuid, uuid, text, text, bigint, uuid, timestamptz, inet, text)
TO taskwire_app;
