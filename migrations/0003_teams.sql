-- Teams and their members (requirements S1, S2).
CREATE TABLE teams (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    description text NOT NULL DEFAULT '' CHECK (char_length(description) <= 1000),
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX teams_name_key ON teams (lower(name));

CREATE TABLE team_members (
    team_id uuid NOT NULL REFERENCES teams ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, user_id)
);
CREATE INDEX team_members_user ON team_members (user_id) INCLUDE (team_id, role);
-- At most one owner at any moment; at least one is the deferred check below.
CREATE UNIQUE INDEX team_members_one_owner ON team_members (team_id) WHERE role = 'owner';

-- Deferred, so that a transfer may demote the old owner before it promotes the new one.
CREATE FUNCTION team_has_owner() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    team uuid;
BEGIN
    IF TG_TABLE_NAME = 'teams' THEN
        team := NEW.id;
    ELSE
        team := OLD.team_id;
    END IF;
    IF EXISTS (SELECT FROM teams WHERE id = team)
        AND NOT EXISTS (SELECT FROM team_members WHERE team_id = team AND role = 'owner')
    THEN
        RAISE EXCEPTION 'team % would have no owner', team
            USING ERRCODE = 'check_violation', CONSTRAINT = 'team_has_owner';
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER team_has_owner AFTER INSERT ON teams
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION team_has_owner();
CREATE CONSTRAINT TRIGGER team_keeps_owner AFTER UPDATE OR DELETE ON team_members
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION team_has_owner();
