package shop.analytics;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * How far the job has read the topic `orders`. A checkpoint keeps it, because Flink's Kafka source does not say when it could
 * not go on where it was: it overrides auto.offset.reset (KafkaSourceBuilder), and reads on from the oldest message.
 */
final class ReadPositions {
	/** Kafka's: a topic that was deleted and made again has another one. */
	private final String topicId;
	/** By partition, the offset after the last message. */
	private final Map<Integer, Long> next = new TreeMap<>();
	/** Partitions of which a message was read: of the others, a job without a checkpoint begins with the oldest one. */
	private final Set<Integer> begun = new HashSet<>();

	ReadPositions(String topicId) {
		this.topicId = topicId;
	}

	/** @param text that of toString */
	static ReadPositions of(String text) {
		String[] words = text.split(" ");
		ReadPositions positions = new ReadPositions(words[0]);
		for (int n = 1; n < words.length; n++) {
			String[] one = words[n].split(":");
			positions.continueAt(Integer.parseInt(one[0]), Long.parseLong(one[1]));
			positions.begun.add(Integer.parseInt(one[0]));
		}
		return positions;
	}

	@Override
	public String toString() {
		StringBuilder text = new StringBuilder(topicId);
		next.forEach((partition, offset) -> text.append(" %d:%d".formatted(partition, offset)));
		return text.toString();
	}

	boolean isOf(String otherId) {
		return topicId.equals(otherId);
	}

	void continueAt(int partition, long offset) {
		next.put(partition, offset);
	}

	/** A partition that was added since is read from its start. */
	long next(int partition) {
		return next.getOrDefault(partition, 0L);
	}

	/** Whether messages before this one were left out: they are no events, like the marks of a transaction, or they are lost. */
	boolean isAfterGap(int partition, long offset) {
		boolean isFirst = next.containsKey(partition) && !begun.contains(partition);
		return !isFirst && offset > next(partition);
	}

	void advance(int partition, long offset) {
		if (begun.contains(partition) && offset < next(partition))
			throw OrdersLog.replaced("partition %d had been read up to %d, and begins again at %d".formatted(partition, next(partition), offset));
		continueAt(partition, offset + 1);
		begun.add(partition);
	}
}
