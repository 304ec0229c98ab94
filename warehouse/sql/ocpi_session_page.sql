-- One party's sessions as partners see them, in creation order: the CDR of each that stands or stood
-- last, and whether every CDR of it has been credited (`live` 0: nothing is charged any more).
WITH taken_back AS (
    SELECT credit_reference_id AS cdr_id
    FROM cdr
    WHERE credit AND party = $party AND last_updated < $visible
),

session_now AS (
    SELECT
        session_id,
        min(last_updated) AS created,
        max(last_updated) AS updated,
        sum(sign) AS live,
        arg_max(cdr_id, (taken_back.cdr_id IS NULL, last_updated, version))
        FILTER (WHERE NOT credit) AS cdr_id
    FROM cdr
    LEFT JOIN taken_back USING (cdr_id)
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
