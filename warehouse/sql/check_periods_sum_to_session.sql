-- CDRs whose periods don't add up to the energy of their session, or don't cover it without a gap.
WITH period AS (
    SELECT
        *,
        lag(end_at) OVER (PARTITION BY cdr_id ORDER BY ordinal) AS previous_end
    FROM charging_period
    WHERE day BETWEEN $first AND $last
),
total AS (
    SELECT
        session_id,
        version,
        cdr_id,
        sum(energy_wh) AS wh,
        min(start_at) AS start_at,
        max(end_at) AS end_at,
        count_if(previous_end <> start_at) AS gaps
    FROM period
    GROUP BY session_id, version, cdr_id
)
SELECT
    s.session_id AS id,
    'session ' || s.energy_wh || ' Wh, periods ' || t.wh || ' Wh with ' || t.gaps || ' gaps'
        AS problem
FROM total AS t
JOIN session AS s ON s.session_id = t.session_id AND s.version = t.version
WHERE s.day <= $last
    AND (t.wh <> s.energy_wh OR t.start_at <> s.start_at OR t.end_at <> s.end_at OR t.gaps > 0)
ORDER BY id
