-- Security events, append-only: the application's role may insert and read, never change (requirement I4).
CREATE TABLE audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    -- Who did it; NULL where nobody was signed in. No foreign key: the log outlives the account.
    actor_id uuid,
    -- In whose log it shows: a failed sign-in belongs to the account that was tried.
    account_id uuid,
    team_id uuid,
    action text NOT NULL CHECK (char_length(action) BETWEEN 1 AND 50),
    target text CHECK (char_length(target) <= 200),
    address inet,
    user_agent text CHECK (char_length(user_agent) <= 500)
);
CREATE INDEX audit_log_account ON audit_log (account_id, id DESC);
CREATE INDEX audit_log_team ON audit_log (team_id, id DESC) WHERE team_id IS NOT NULL;
