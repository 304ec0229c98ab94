-- How much each station has to say on some days, and those that carry a state into them.
SELECT station, CAST(sum(weight) AS BIGINT) AS weight
FROM (
    SELECT station, count(*) AS weight FROM transaction_event
    WHERE day BETWEEN $first AND $last GROUP BY station
    UNION ALL
    SELECT station, count(*) AS weight FROM meter_reading
    WHERE day BETWEEN $first AND $last GROUP BY station
    UNION ALL
    SELECT station, 1 AS weight FROM station_state WHERE day = $before
)
GROUP BY station
ORDER BY station
