-- How many CDRs of one party match a list request, and the newest place in creation order.
SELECT
    count(*) AS total,
    max(struct_pack(at_us := epoch_us(last_updated), id := cdr_id)) AS newest
FROM ocpi_export
WHERE
    ocpi_version = $ocpi_version
    AND party = $party
    AND day BETWEEN $first_day AND $last_day
    AND last_updated >= $date_from
    AND last_updated < $date_to
    AND (
        epoch_us(last_updated) < $upto_us
        OR (epoch_us(last_updated) = $upto_us AND cdr_id <= $upto_id)
    )
