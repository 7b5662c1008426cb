-- A database that may only be read (a standby, or one that its keeper has closed to writers) is read: that somebody was
-- here is not noted then.
CREATE OR REPLACE FUNCTION scope_open(p_user uuid, p_credential uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    long_ago timestamptz := p_now - interval '5 minutes';
    may_note boolean := NOT current_setting('transaction_read_only')::boolean;
    used timestamptz;
BEGIN
    PERFORM set_config('app.user_id', p_user::text, true);
    SELECT last_seen_at INTO used FROM sessions
    WHERE id = p_credential AND user_id = p_user AND ended_at IS NULL AND expires_at > p_now;
    IF FOUND THEN
        IF used < long_ago AND may_note THEN
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
    IF used < long_ago AND may_note THEN
        UPDATE api_tokens SET last_used_at = p_now
        WHERE id = p_credential AND (last_used_at IS NULL OR last_used_at < long_ago);
    END IF;
END
$$;
