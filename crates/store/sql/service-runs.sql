-- Complete runs that may enter a figure: not over Wi-Fi, octets counted at the application layer. What the line is sold as is in the
-- record alone.
SELECT
    throughput.commune, probe.id, throughput.event_us, throughput.direction, throughput.steady_bits_per_second,
    json_extract (
        cast (record.line AS TEXT),
        CASE throughput.direction
            WHEN 'download' THEN '$.observation.access_line.subscribed_download_bits_per_second'
            ELSE '$.observation.access_line.subscribed_upload_bits_per_second'
        END
    )
FROM throughput
JOIN probe ON probe.no = throughput.probe
JOIN record ON record.no = throughput.record
WHERE
    throughput.event_us IS NOT NULL AND throughput.outcome = 'complete' AND throughput.medium <> 'wifi'
    AND throughput.layer = 'application'
    AND throughput.commune BETWEEN :first AND :last
    AND throughput.event_us >= :from AND throughput.event_us < :to
ORDER BY throughput.commune, throughput.event_us, throughput.record
