package shop.analytics;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Locale;

import org.apache.flink.metrics.Counter;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.annotation.FunctionHint;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.TableFunction;
import org.apache.flink.types.Row;

/**
 * Reads a message of the topic `orders` as streams/messages/event-reader.ts does. Answers a row for a sale or a reversal,
 * and none for other events. A message that is no valid event is counted; services/analytics dead-letters it, because it
 * reads the topic too.
 */
@FunctionHint(
		output =
				@DataTypeHint(
						"ROW<id STRING, kind STRING, window_start BIGINT, delay_ms BIGINT, currency STRING, amount BIGINT, user_id STRING>"))
public class OrderEventReader extends TableFunction<Row> {
	private static final long MINUTE_MS = 60_000;

	private transient EventSchema schema;
	private transient Counter rejected;

	@Override
	public void open(FunctionContext context) {
		schema = EventSchema.load();
		rejected = context.getMetricGroup().counter("orders_rejected");
	}

	public void eval(String key, String message, @DataTypeHint("TIMESTAMP_LTZ(3)") Instant appended) {
		JsonNode event = isReadable(message) ? schema.read(message) : null;
		if (event == null || !belongs(key, event)) {
			rejected.inc();
			return;
		}
		long time = EventSchema.millisOf(event.get("time").textValue());
		if (time > appended.toEpochMilli() + schema.maxClockSkewMs || time < schema.oldestMs) {
			rejected.inc();
			return;
		}
		String kind = schema.kindOf(event.get("type").textValue());
		if (kind == null) return;
		JsonNode data = event.get("data");
		JsonNode total = data.get("total");
		long minute = Math.floorDiv(time, MINUTE_MS) * MINUTE_MS;
		collect(
				Row.of(
						event.get("id").textValue().toLowerCase(Locale.ROOT),
						kind,
						minute,
						appended.toEpochMilli() - (minute + MINUTE_MS),
						total.get("currency").textValue(),
						total.get("amount").longValue(),
						data.get("user_id").textValue()));
	}

	private boolean isReadable(String message) {
		return message != null
				&& message.length() <= schema.maxBytes
				&& message.getBytes(StandardCharsets.UTF_8).length <= schema.maxBytes;
	}

	/** The key and the subject follow from the data. */
	private static boolean belongs(String key, JsonNode event) {
		JsonNode data = event.get("data");
		String partitionKey = event.get("partitionkey").textValue();
		return partitionKey.equals(key)
				&& partitionKey.equals(data.get("user_id").textValue())
				&& event.get("subject").textValue().equals(data.get("order_id").textValue());
	}
}
