package shop.analytics;

import java.io.Serializable;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What readers of `analytics-results` know of each window, for a job that does not continue from a checkpoint. */
final class PublishedWindows implements Serializable {
	private static final Logger LOG = LoggerFactory.getLogger(PublishedWindows.class);
	/** Of Postgres, where the analytics service keeps revisions: a higher one is of another writer. */
	private static final BigDecimal HIGHEST_REVISION = BigDecimal.valueOf(Integer.MAX_VALUE);

	final Properties kafka;
	private final String topic;
	/** Of the topic `orders`. */
	final long completeFrom;

	PublishedWindows(Properties kafka, String topic, long completeFrom) {
		this.kafka = kafka;
		this.topic = topic;
		this.completeFrom = completeFrom;
	}

	/** The highest revision of each window, but of those that are final and of which nothing more is read. */
	Collection<Window> read() {
		Map<String, Window> windows = new HashMap<>();
		JsonSchema schema = new JsonSchema("window-event.json");
		int[] skipped = {0};
		try (TopicReader reader = new TopicReader(kafka, topic)) {
			reader.read(record -> {
				Window window = windowOf(record, schema);
				if (window == null) skipped[0]++;
				else windows.merge(window.key(), window, (one, other) -> one.base >= other.base ? one : other);
			});
		}
		if (skipped[0] > 0) LOG.warn("{} messages of {} are no windows, and were skipped.", skipped[0], topic);
		windows.values().removeIf(window -> window.isPublishedFinal && window.start < completeFrom);
		windows.values().forEach(window -> window.isFixed = window.isPublishedFinal || window.start < completeFrom);
		return windows.values();
	}

	/** Null for a message that is no window by the contract: other writers have no say. cli/handover/published-windows.ts does the same. */
	static Window windowOf(ConsumerRecord<byte[], byte[]> record, JsonSchema schema) {
		if (record.key() == null || record.value() == null) return null;
		JsonNode event = schema.parse(new String(record.value(), StandardCharsets.UTF_8));
		if (event == null || !schema.accepts(event)) return null;
		JsonNode data = event.get("data");
		Window window = new Window(EventSchema.millisOf(data.get("window_start").textValue()), data.get("currency").textValue());
		if (data.get("revision").decimalValue().compareTo(HIGHEST_REVISION) > 0) return null;
		window.base = data.get("revision").longValue();
		if (!window.key().equals(new String(record.key(), StandardCharsets.UTF_8))) return null;
		window.published.orders = data.get("orders").longValue();
		window.published.revenue = data.get("revenue").longValue();
		window.published.uniqueUsers = data.get("unique_users").longValue();
		window.published.average = data.get("average_order_value").longValue();
		window.isPublishedFinal = data.get("final").booleanValue();
		return window;
	}
}
