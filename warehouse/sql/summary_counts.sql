-- What the lake holds, in one row. A session counts once, with its newest version.
WITH newest AS (
    SELECT energy_wh
    FROM session
    QUALIFY row_number() OVER (PARTITION BY session_id ORDER BY version DESC) = 1
)
SELECT
    (SELECT count(*) FROM message WHERE kind = 'message') AS messages,
    (SELECT count(*) FROM newest) AS sessions,
    (SELECT CAST(coalesce(sum(energy_wh), 0) * 0.001 AS DECIMAL(38, 6)) FROM newest) AS energy_kwh,
    (SELECT count(*) FROM cdr) AS cdrs,
    (SELECT count(*) FROM rejection) AS rejections,
    (
        SELECT count(*) FROM station_state
        WHERE day = (SELECT max(day) FROM station_state) AND due_at IS NOT NULL
    ) AS still_open
