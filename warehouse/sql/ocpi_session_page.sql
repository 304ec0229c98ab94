-- One party's sessions as partners see them, in creation order: the newest CDR of each that is no
-- credit, and whether every CDR of it has been credited (`live` 0: nothing is charged any more).
WITH session_now AS (
    SELECT
        session_id,
        min(last_updated) AS created,
        max(last_updated) AS updated,
        sum(sign) AS live,
        arg_max(cdr_id, version) FILTER (WHERE NOT credit) AS cdr_id
    FROM cdr
    WHERE
        party = $party
        AND last_updated < $visible
    GROUP BY session_id
)

SELECT
    epoch_us(created) AS created_us,
    session_id,
    epoch_us(updated) AS updated_us,
    live,
    cdr_id
FROM session_now
WHERE
    updated >= $date_from
    AND updated < $date_to
    AND cdr_id IS NOT NULL
    AND (
        epoch_us(created) < $upto_us
        OR (epoch_us(created) = $upto_us AND session_id <= $upto_id)
    )
ORDER BY created, session_id
