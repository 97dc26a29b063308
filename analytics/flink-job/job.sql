-- Sales per minute of event time and currency, from the topic `orders`. SqlRunner runs these statements, and publishes
-- the rows of the view `results`. ${NAME} is a variable that it fills in.

SET 'table.local-time-zone' = 'UTC';
SET 'parallelism.default' = '${PARALLELISM}';
SET 'pipeline.max-parallelism' = '${MAX_PARALLELISM}';
-- The positions of a checkpoint are those of the source that the sums come from.
SET 'table.optimizer.reuse-source-enabled' = 'true';
SET 'table.optimizer.reuse-sub-plan-enabled' = 'true';
-- Windows are published when a checkpoint that holds them is complete, so this is also how often one is corrected.
SET 'execution.checkpointing.interval' = '${CHECKPOINT_INTERVAL}';
SET 'execution.checkpointing.mode' = 'EXACTLY_ONCE';
SET 'execution.checkpointing.externalized-checkpoint-retention' = 'RETAIN_ON_CANCELLATION';
SET 'execution.checkpointing.num-retained' = '3';
SET 'state.backend.type' = '${STATE_BACKEND}';
-- State of a minute and of an id, since its last use. Longer than a day (what is later than that is not counted) and than
-- the job may stand still. One that is too short ends the job, because WindowPublisher sees a sum fall.
SET 'table.exec.state.ttl' = '${STATE_TTL}';
-- A partition without orders does not delay what is final.
SET 'table.exec.source.idle-timeout' = '60 s';
SET 'pipeline.name' = 'shop-analytics-windows';

CREATE TEMPORARY FUNCTION read_order_event AS 'shop.analytics.OrderEventReader' LANGUAGE JAVA;

-- Raw, because a message that is no valid event must not end the job, and because late ones are published as they are.
CREATE TEMPORARY TABLE orders (
	message_key STRING,
	message STRING,
	headers MAP<STRING, BYTES> METADATA VIRTUAL,
	log_partition INT METADATA FROM 'partition' VIRTUAL,
	log_offset BIGINT METADATA FROM 'offset' VIRTUAL,
	-- When the log took it: of the clocks there are, the only one that never steps back within a partition.
	appended TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
	proc AS PROCTIME(),
	WATERMARK FOR appended AS appended - INTERVAL '5' SECOND
) WITH (
	'connector' = 'kafka',
	'topic' = 'orders',
	'properties.bootstrap.servers' = '${KAFKA_BROKERS}',
	'properties.group.id' = 'analytics-flink',
	'properties.isolation.level' = 'read_committed',
	'scan.startup.mode' = 'earliest-offset',
	'scan.watermark.emit.strategy' = 'on-event',
	'key.format' = 'raw',
	'key.fields' = 'message_key',
	'value.format' = 'raw',
	'value.fields-include' = 'EXCEPT_KEY'
	${KAFKA_PROPERTIES}
);

-- Each event once. `window_start` is the start of its minute in ms since 1970, `delay_ms` how long after the end of that
-- minute the log took it. Only sales and reversals (cancellations, refunds) are read.
CREATE TEMPORARY VIEW events AS
SELECT kind, window_start, delay_ms, currency, amount, user_id, message_key, message, headers
FROM (
	SELECT e.*, message_key, message, headers, ROW_NUMBER() OVER (PARTITION BY id ORDER BY proc) AS occurrence
	FROM orders, LATERAL TABLE (read_order_event(message_key, message, appended))
		AS e (id, kind, window_start, delay_ms, currency, amount, user_id)
)
WHERE occurrence = 1;

-- Not a window function: those drop an event that comes after the watermark, 5 s after its minute. Here it counts in its
-- minute for 24 h. Sums of money are whole minor units, at most 2^53 - 1, as those of services/analytics.
CREATE TEMPORARY VIEW sums AS
SELECT window_start, currency, COUNT(*) AS orders, COUNT(DISTINCT user_id) AS unique_users,
	CAST(LEAST(SUM(CAST(amount AS DECIMAL(38, 0))), CAST(9007199254740991 AS DECIMAL(38, 0))) AS BIGINT) AS revenue
FROM events
WHERE kind = 'sale' AND delay_ms < 86400000
GROUP BY window_start, currency;

-- Rounded half to even.
CREATE TEMPORARY VIEW windows AS
SELECT window_start, currency, orders, revenue, unique_users,
	revenue / orders + CASE
		WHEN 2 * MOD(revenue, orders) > orders THEN 1
		WHEN 2 * MOD(revenue, orders) = orders AND MOD(revenue / orders, 2) = 1 THEN 1
		ELSE 0
	END AS average_order_value
FROM sums;

-- One view, so that the topic is read once: rows of windows, which change, late events, which have a `message`, and where
-- each message was read, by which a checkpoint knows how far the job has read (ReadPositions.java).
CREATE TEMPORARY VIEW results AS
SELECT window_start, currency, orders, revenue, unique_users, average_order_value,
	CAST(NULL AS STRING) AS message_key, CAST(NULL AS STRING) AS message, CAST(NULL AS MAP<STRING, BYTES>) AS headers,
	CAST(NULL AS INT) AS log_partition, CAST(NULL AS BIGINT) AS log_offset
FROM windows
UNION ALL
SELECT CAST(NULL AS BIGINT), CAST(NULL AS STRING), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT),
	CAST(NULL AS BIGINT), message_key, message, headers, CAST(NULL AS INT), CAST(NULL AS BIGINT)
FROM events
WHERE delay_ms >= 86400000
UNION ALL
SELECT CAST(NULL AS BIGINT), CAST(NULL AS STRING), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT),
	CAST(NULL AS BIGINT), CAST(NULL AS STRING), CAST(NULL AS STRING), CAST(NULL AS MAP<STRING, BYTES>),
	log_partition, log_offset
FROM orders;
