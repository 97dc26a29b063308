package shop.analytics;

import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.regex.Pattern;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

/** The contract of order events, from order-event.json, which scripts/generate.ts writes from contracts/events.ts. */
final class EventSchema {
	private static final Pattern TIME =
			Pattern.compile(
					"(\\d{4}-\\d\\d-\\d\\d)[Tt ](\\d\\d:\\d\\d):(\\d\\d)(\\.\\d{1,9})?\\d*([Zz]|[+-]\\d\\d:\\d\\d)");

	private final JsonSchema schema = new JsonSchema("order-event.json");
	private final JsonNode dataSchemas;
	private final JsonNode kinds;
	final long maxClockSkewMs;
	final long oldestMs;
	final int maxBytes;

	private EventSchema() {
		JsonNode contract = schema.contract;
		dataSchemas = contract.get("dataschemas");
		kinds = contract.get("kinds");
		maxClockSkewMs = contract.get("max_clock_skew_ms").longValue();
		oldestMs = contract.get("oldest_ms").longValue();
		maxBytes = contract.get("max_bytes").intValue();
	}

	static EventSchema load() {
		return new EventSchema();
	}

	/** Null for a message that is no valid event. */
	JsonNode read(String message) {
		JsonNode event = schema.parse(message);
		JsonNode type = event == null ? null : event.get("type");
		JsonNode wanted = type == null ? null : dataSchemas.get(type.asText());
		return wanted != null && wanted.equals(event.get("dataschema")) && schema.accepts(event) ? event : null;
	}

	/** `sale`, `reversal`, or null for events that are neither. */
	String kindOf(String type) {
		return kinds.has(type) ? kinds.get(type).textValue() : null;
	}

	/** A leap second is the second after it. */
	static long millisOf(String time) {
		var parts = TIME.matcher(time);
		if (!parts.matches()) throw new DateTimeException(time);
		boolean isLeap = parts.group(3).equals("60");
		String fraction = parts.group(4) == null || isLeap ? "" : parts.group(4);
		String normal = parts.group(1) + "T" + parts.group(2) + ":" + (isLeap ? "59" : parts.group(3)) + fraction;
		long ms = OffsetDateTime.parse(normal + parts.group(5).toUpperCase()).toInstant().toEpochMilli();
		if (isLeap && Math.floorMod(ms + 1000, 86_400_000L) != 0) throw new DateTimeException(time);
		return isLeap ? ms + 1000 : ms;
	}
}
