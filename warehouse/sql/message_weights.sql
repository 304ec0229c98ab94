-- How many messages each station sent or got on some days.
SELECT station, count(*) AS weight
FROM message
WHERE day BETWEEN $first AND $last
GROUP BY station
ORDER BY station
