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
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads what a topic has now, without a consumer group. */
final class TopicReader implements AutoCloseable {
	/** Kafka that sends nothing for so long is down. */
	static final Duration PATIENCE = Duration.ofSeconds(15);

	private final String topic;
	private final KafkaConsumer<byte[], byte[]> consumer;

	TopicReader(Properties kafka, String topic) {
		Properties settings = new Properties();
		settings.putAll(kafka);
		settings.put("allow.auto.create.topics", "false");
		this.topic = topic;
		consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
	}

	/** All records from the oldest one to the present end, in the order of each partition. */
	void read(Consumer<ConsumerRecord<byte[], byte[]>> take) {
		List<TopicPartition> partitions = assign();
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

	/** The first offset of each partition. */
	Map<TopicPartition, Long> beginnings() {
		return consumer.beginningOffsets(assign(), PATIENCE);
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

	private List<TopicPartition> assign() {
		List<TopicPartition> partitions = new ArrayList<>();
		consumer.partitionsFor(topic, PATIENCE).forEach(one -> partitions.add(new TopicPartition(topic, one.partition())));
		consumer.assign(partitions);
		return partitions;
	}

	private IllegalStateException silent() {
		return new IllegalStateException("Kafka sends nothing of the topic %s.".formatted(topic));
	}

	@Override
	public void close() {
		consumer.close();
	}
}
