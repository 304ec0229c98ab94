-- The newest version of each session by start, with the rules that hold it and what became of it:
-- the CDR that stands, or why there is none. `$month` is that of its end (without one of its start),
-- UTC. The party of a session without a CDR is that of its token, as tokens are matched: upper case,
-- without separators and control characters.
WITH newest AS (
    SELECT *
    FROM session
    QUALIFY row_number() OVER (PARTITION BY session_id ORDER BY version DESC) = 1
),
billed AS (
    SELECT
        session_id,
        arg_max(cdr_id, version) AS cdr_id,
        arg_max(party, version) AS party
    FROM cdr
    WHERE
        NOT credit
        AND NOT EXISTS (SELECT 1 FROM cdr AS c WHERE c.credit_reference_id = cdr.cdr_id)
    GROUP BY session_id
),
party_of AS (
    SELECT
        regexp_replace(upper(id), '[ :._[:cntrl:]-]', '', 'g') AS uid,
        arg_max(party, (known_from, origin, index)) AS party
    FROM token
    GROUP BY uid
)
SELECT
    s.session_id,
    s.version,
    s.station,
    strftime(s.start_at, '%Y-%m-%dT%H:%M:%SZ') AS start_at,
    strftime(s.end_at, '%Y-%m-%dT%H:%M:%SZ') AS end_at,
    CAST(s.energy_wh * CAST(0.001 AS DECIMAL(4, 3)) AS VARCHAR) AS kwh,
    s.state,
    s.held,
    list_sort(list_distinct(
        [f.rule FOR f IN s.findings IF f.severity = 'hold']
    )) AS rules,
    coalesce(b.party, p.party, '') AS party,
    coalesce(b.cdr_id, '') AS cdr_id,
    coalesce(r.message, '') AS rejection
FROM newest AS s
LEFT JOIN rejection AS r ON r.session_id = s.session_id AND r.version = s.version
LEFT JOIN billed AS b ON b.session_id = s.session_id
LEFT JOIN party_of AS p
    ON p.uid = regexp_replace(upper(s.id_token), '[ :._[:cntrl:]-]', '', 'g')
WHERE
    (s.held OR NOT $held)
    AND ($party = '' OR coalesce(b.party, p.party) = $party)
    AND (
        $month = ''
        OR strftime(coalesce(s.end_at, s.start_at), '%Y-%m') = $month
    )
ORDER BY s.start_at NULLS FIRST, s.session_id
