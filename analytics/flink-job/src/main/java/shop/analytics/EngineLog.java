package shop.analytics;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;

import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Who publishes windows, as services/analytics/ownership has it: the topic `analytics-engine` is read from its start. The first
 * claim owns the windows until an operator hands them over. A check before each publication reads what is new.
 */
final class EngineLog implements OwnerCheck {
	static final String ENGINE = "flink";
	private static final String TOPIC = "analytics-engine";
	private static final Duration PATIENCE = Duration.ofSeconds(15);
	private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);

	private final Properties kafka;
	private transient KafkaConsumer<byte[], byte[]> consumer;
	private transient Ownership ownership;

	/**
	 * @param engine that owns the windows, or to which they are being handed over
	 * @param isOwner false while they are being handed over
	 * @param offset of the record that says so
	 */
	record Ownership(String engine, boolean isOwner, long offset) {}

	EngineLog(Properties kafka) {
		this.kafka = kafka;
	}

	/** Makes Flink the owner where there is none. Answers a name of this ownership. @throws Refusal where another engine is */
	String claim() throws ExecutionException, InterruptedException {
		createTopic();
		if (read() == null) send("{\"engine\":\"flink\",\"step\":\"claim\",\"at\":\"%s\"}".formatted(Window.iso(System.currentTimeMillis())));
		Ownership found = read();
		String refusal = refusal(found);
		if (refusal != null) throw new Refusal(refusal);
		return "ownership-" + found.offset();
	}

	@Override
	public void assertOwned() {
		String refusal = refusal(read());
		if (refusal != null) throw new SuppressRestartsException(new Refusal(refusal));
	}

	/** Null where Flink is the owner. */
	private static String refusal(Ownership found) {
		String command = "npm run stream -- engine flink";
		if (found == null) return "No engine owns the windows: the topic " + TOPIC + " was lost, so start the job again.";
		if (!found.isOwner())
			return "The windows are being handed over to the engine %s: if that was interrupted, repeat npm run stream -- engine %s."
					.formatted(found.engine(), found.engine());
		if (found.engine().equals(ENGINE)) return null;
		return "The windows are published by the engine %s: hand them over with %s.".formatted(found.engine(), command);
	}

	/** By all records up to the present end of the topic; null before the first claim. */
	Ownership read() {
		if (consumer == null) {
			consumer = consumer(kafka);
			consumer.assign(List.of(PARTITION));
			consumer.seekToBeginning(List.of(PARTITION));
			ownership = null;
		}
		for (ConsumerRecord<byte[], byte[]> record : readToEnd(consumer)) ownership = apply(ownership, record);
		return ownership;
	}

	/** As applyRecord of services/analytics/ownership/engine-log.ts: what is no record has no say. */
	static Ownership apply(Ownership before, ConsumerRecord<byte[], byte[]> record) {
		JsonNode fields;
		try {
			fields = new ObjectMapper().readTree(record.value() == null ? new byte[0] : record.value());
		} catch (IOException error) {
			return before;
		}
		String engine = fields.path("engine").asText();
		if (!engine.equals(ENGINE) && !engine.equals("builtin")) return before;
		boolean isNext = before != null && !before.isOwner() && before.engine().equals(engine);
		return switch (fields.path("step").asText()) {
			case "claim" -> before == null ? new Ownership(engine, true, record.offset()) : before;
			case "release" -> new Ownership(engine, false, record.offset());
			case "take" -> isNext ? new Ownership(engine, true, record.offset()) : before;
			default -> before;
		};
	}

	private void createTopic() throws ExecutionException, InterruptedException {
		NewTopic topic = new NewTopic(TOPIC, java.util.Optional.of(1), java.util.Optional.empty());
		topic.configs(Map.of("cleanup.policy", "delete", "retention.ms", "-1", "message.timestamp.type", "LogAppendTime"));
		try (Admin admin = Admin.create(kafka)) {
			admin.createTopics(List.of(topic)).all().get();
		} catch (ExecutionException error) {
			if (!(error.getCause() instanceof TopicExistsException)) throw error;
		}
	}

	private void send(String value) throws ExecutionException, InterruptedException {
		try (var producer = new KafkaProducer<>(kafka, new ByteArraySerializer(), new ByteArraySerializer())) {
			producer.send(new ProducerRecord<>(TOPIC, value.getBytes(StandardCharsets.UTF_8))).get();
		}
	}

	/** By window, the highest revision in the topic: those of this start have to be higher. */
	static HashMap<String, Long> knownRevisions(Properties kafka, String topic) {
		HashMap<String, Long> highest = new HashMap<>();
		try (var consumer = consumer(kafka)) {
			List<TopicPartition> partitions = new ArrayList<>();
			consumer.partitionsFor(topic, PATIENCE).forEach(one -> partitions.add(new TopicPartition(topic, one.partition())));
			consumer.assign(partitions);
			consumer.seekToBeginning(partitions);
			for (var record : readToEnd(consumer)) {
				if (record.key() == null || record.value() == null) continue;
				try {
					long revision = new ObjectMapper().readTree(record.value()).path("data").path("revision").asLong();
					highest.merge(new String(record.key(), StandardCharsets.UTF_8), revision, Math::max);
				} catch (IOException error) {
					// A foreign message is no window of ours.
				}
			}
		}
		return highest;
	}

	private static KafkaConsumer<byte[], byte[]> consumer(Properties kafka) {
		return new KafkaConsumer<>(kafka, new ByteArrayDeserializer(), new ByteArrayDeserializer());
	}

	private static List<ConsumerRecord<byte[], byte[]>> readToEnd(KafkaConsumer<byte[], byte[]> consumer) {
		List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
		var ends = consumer.endOffsets(consumer.assignment(), PATIENCE);
		long until = System.nanoTime() + PATIENCE.toNanos();
		while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey(), PATIENCE) < end.getValue())) {
			int before = records.size();
			consumer.poll(Duration.ofMillis(100)).forEach(records::add);
			if (records.size() > before) until = System.nanoTime() + PATIENCE.toNanos();
			if (System.nanoTime() > until)
				throw new IllegalStateException("Kafka sends nothing of %s.".formatted(consumer.assignment()));
		}
		return records;
	}

	@Override
	public void close() {
		if (consumer != null) consumer.close();
		consumer = null;
	}

	/** Another engine owns the windows. */
	static final class Refusal extends RuntimeException {
		Refusal(String sentence) {
			super(sentence);
		}
	}
}
