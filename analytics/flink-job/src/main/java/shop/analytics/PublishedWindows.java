package shop.analytics;

import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** What readers of `analytics-results` know of each window, for a job that does not continue from a checkpoint. */
final class PublishedWindows implements Serializable {
	private final Properties kafka;
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
		ObjectMapper json = new ObjectMapper();
		try (TopicReader reader = new TopicReader(kafka, topic)) {
			reader.read(record -> {
				Window window = windowOf(record, json);
				if (window == null) return;
				windows.merge(window.key(), window, (one, other) -> one.base >= other.base ? one : other);
			});
		}
		windows.values().removeIf(window -> window.isPublishedFinal && window.start < completeFrom);
		return windows.values();
	}

	/** Null for a message that is no window: other writers have no say. */
	private static Window windowOf(ConsumerRecord<byte[], byte[]> record, ObjectMapper json) {
		if (record.key() == null || record.value() == null) return null;
		try {
			JsonNode data = json.readTree(record.value()).path("data");
			long start = Instant.parse(data.path("window_start").asText()).toEpochMilli();
			Window window = new Window(start, data.path("currency").asText());
			if (!window.key().equals(new String(record.key(), StandardCharsets.UTF_8))) return null;
			window.base = data.path("revision").asLong();
			window.published.orders = data.path("orders").asLong();
			window.published.revenue = data.path("revenue").asLong();
			window.published.uniqueUsers = data.path("unique_users").asLong();
			window.published.average = data.path("average_order_value").asLong();
			window.isPublishedFinal = data.path("final").asBoolean();
			window.wasFinal = window.isPublishedFinal;
			return window;
		} catch (IOException | DateTimeException error) {
			return null;
		}
	}
}
