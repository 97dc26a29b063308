package shop.analytics;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;

import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonProcessingException;
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
 * Who publishes windows, as streams/engine/engine-owner.ts has it: the topic `analytics-engine` is read from its start. The
 * first claim owns the windows until an operator hands them over. A check before each publication reads what is new.
 */
final class EngineLog implements OwnerCheck {
	static final String ENGINE = "flink";
	private static final String TOPIC = "analytics-engine";
	/** The engine before looks every 5 s: after this it has stopped. */
	private static final Duration HANDOVER = Duration.ofSeconds(30);
	private static final Duration PATIENCE = Duration.ofSeconds(15);
	private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);

	private final Properties kafka;
	private transient KafkaConsumer<byte[], byte[]> consumer;
	private transient Owner owner;

	/** @param since when it was handed over; the epoch for a first claim */
	record Owner(String engine, Instant since) {}

	EngineLog(Properties kafka) {
		this.kafka = kafka;
	}

	/** Makes Flink the owner where there is none. @throws Refusal where it is another engine */
	void claim() throws ExecutionException, InterruptedException {
		createTopic();
		if (read() == null) send("{\"engine\":\"%s\",\"claimed\":\"%s\"}".formatted(ENGINE, Window.iso(System.currentTimeMillis())));
		Owner found = read();
		if (!found.engine().equals(ENGINE)) throw new Refusal(refusal(found));
		long waitMs = Duration.between(Instant.now(), found.since().plus(HANDOVER)).toMillis();
		if (waitMs > 0) Thread.sleep(waitMs);
	}

	@Override
	public void assertOwned() {
		Owner found = read();
		if (found == null || !found.engine().equals(ENGINE))
			throw new SuppressRestartsException(new Refusal(refusal(found)));
	}

	private static String refusal(Owner owner) {
		return "The windows are published by %s: hand them over with npm run stream -- engine flink."
				.formatted(owner == null ? "no engine that is known" : "the engine " + owner.engine());
	}

	/** The owner by all records up to the present end of the topic; null before the first claim. */
	Owner read() {
		if (consumer == null) {
			consumer = consumer(kafka);
			consumer.assign(List.of(PARTITION));
			consumer.seekToBeginning(List.of(PARTITION));
		}
		for (ConsumerRecord<byte[], byte[]> record : readToEnd(consumer)) owner = fold(owner, record);
		return owner;
	}

	static Owner fold(Owner owner, ConsumerRecord<byte[], byte[]> record) {
		try {
			JsonNode claim = new ObjectMapper().readTree(record.value() == null ? new byte[0] : record.value());
			String engine = claim.path("engine").asText();
			if (!engine.equals(ENGINE) && !engine.equals("builtin")) return owner;
			if (owner == null) return new Owner(engine, Instant.EPOCH);
			boolean isHandover = claim.path("handover").asBoolean() && !owner.engine().equals(engine);
			return isHandover ? new Owner(engine, Instant.ofEpochMilli(record.timestamp())) : owner;
		} catch (java.io.IOException error) {
			return owner;
		}
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
				} catch (JsonProcessingException error) {
					// A foreign message is no window of ours.
				} catch (java.io.IOException error) {
					throw new java.io.UncheckedIOException(error);
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
			consumer.poll(Duration.ofMillis(100)).forEach(records::add);
			if (!records.isEmpty()) continue;
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
