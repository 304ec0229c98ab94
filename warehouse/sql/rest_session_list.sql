-- The newest version of each session, newest first.
SELECT
    session_id,
    max(version) AS version,
    arg_max(station, version) AS station,
    arg_max(evse, version) AS evse,
    arg_max(connector, version) AS connector,
    arg_max(state, version) AS state,
    epoch_us(arg_max(start_at, version)) AS start_us,
    epoch_us(arg_max(end_at, version)) AS end_us,
    CAST(arg_max(energy_wh, version) AS VARCHAR) AS energy_wh,
    arg_max(energy_source, version) AS energy_source,
    arg_max(held, version) AS held,
    epoch_us(max(emitted_at)) AS emitted_us
FROM session
WHERE ($station = '' OR station = $station)
GROUP BY session_id
ORDER BY emitted_us DESC, session_id
LIMIT $page_size OFFSET $skipped
