package shop.analytics;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Consumer;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads what a topic has now, without a consumer group. */
final class TopicReader implements AutoCloseable {
	/** Kafka that sends nothing for so long is down. */
	static final Duration PATIENCE = Duration.ofSeconds(15);
	/** A broker that has just started may not know of a topic yet. */
	private static final int LOOKS = 4;
	private static final long BETWEEN_LOOKS_MS = 500;

	private final String topic;
	private final KafkaConsumer<byte[], byte[]> consumer;

	TopicReader(Properties kafka, String topic) {
		Properties settings = new Properties();
		settings.putAll(kafka);
		settings.put("allow.auto.create.topics", "false");
		this.topic = topic;
		consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
	}

	/** All records from the oldest one to the present end, in the order of each partition. None where there is no such topic. */
	void readIfThere(Consumer<ConsumerRecord<byte[], byte[]>> take) {
		List<TopicPartition> partitions = partitions();
		if (!partitions.isEmpty()) read(partitions, take);
	}

	/** As readIfThere. @throws Refusal where there is no such topic */
	void read(Consumer<ConsumerRecord<byte[], byte[]>> take) {
		read(existing(), take);
	}

	private void read(List<TopicPartition> partitions, Consumer<ConsumerRecord<byte[], byte[]>> take) {
		consumer.assign(partitions);
		consumer.seekToBeginning(partitions);
		Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, PATIENCE);
		long until = System.nanoTime() + PATIENCE.toNanos();
		while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey(), PATIENCE) < end.getValue())) {
			var records = consumer.poll(Duration.ofMillis(100));
			records.forEach(take);
			if (!records.isEmpty()) until = System.nanoTime() + PATIENCE.toNanos();
			if (System.nanoTime() > until) throw silent();
		}
	}

	/** The first offset of each partition. @throws Refusal where there is no such topic */
	Map<TopicPartition, Long> beginnings() {
		return consumer.beginningOffsets(existing(), PATIENCE);
	}

	/** The offset after the last message of each partition. @throws Refusal where there is no such topic */
	Map<TopicPartition, Long> ends() {
		return consumer.endOffsets(existing(), PATIENCE);
	}

	/** When the log took the oldest record of a partition; null where it has none. */
	Long oldestMs(TopicPartition partition) {
		List<TopicPartition> one = List.of(partition);
		consumer.assign(one);
		consumer.seekToBeginning(one);
		if (consumer.position(partition, PATIENCE) >= consumer.endOffsets(one, PATIENCE).get(partition)) return null;
		long until = System.nanoTime() + PATIENCE.toNanos();
		while (System.nanoTime() < until)
			for (var record : consumer.poll(Duration.ofMillis(100))) return record.timestamp();
		throw silent();
	}

	private List<TopicPartition> existing() {
		List<TopicPartition> found = partitions();
		if (!found.isEmpty()) return found;
		throw new Refusal("There is no topic %s: nodes of analytics make it when they start.".formatted(topic));
	}

	private List<TopicPartition> partitions() {
		List<TopicPartition> found = new ArrayList<>();
		for (int look = 1; look <= LOOKS && found.isEmpty(); look++) {
			if (look > 1) pause();
			consumer.partitionsFor(topic, PATIENCE).forEach(one -> found.add(new TopicPartition(topic, one.partition())));
		}
		return found;
	}

	private static void pause() {
		try {
			Thread.sleep(BETWEEN_LOOKS_MS);
		} catch (InterruptedException error) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(error);
		}
	}

	private TimeoutException silent() {
		return new TimeoutException("Kafka sends nothing of the topic %s.".formatted(topic));
	}

	@Override
	public void close() {
		consumer.close();
	}
}
