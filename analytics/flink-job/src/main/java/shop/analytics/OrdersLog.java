package shop.analytics;

import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;

/** What the topic `orders` still has. */
final class OrdersLog {
	static final String TOPIC = "orders";
	/** Windows that can still change, and an hour for the start of the job. cli/handover/orders-log.ts asks for the same. */
	private static final long NEEDED_MS = Window.ALLOWED_LATENESS_MS + 3_600_000;

	private OrdersLog() {}

	/**
	 * Of the windows that begin after this time, the topic has all events, but for the clocks of the shop. What a partition has
	 * lost is older than its oldest event; its age says no more, because the topic may have kept messages for less time before.
	 * Long.MIN_VALUE where the topic has lost nothing.
	 *
	 * @throws Refusal where windows that can still change are not among them: their sums would be too small
	 */
	static long completeFrom(Properties kafka, long now) throws ExecutionException, InterruptedException {
		long lostMs = Long.MIN_VALUE;
		int partition = 0;
		try (TopicReader reader = new TopicReader(kafka, TOPIC)) {
			for (Map.Entry<TopicPartition, Long> beginning : reader.beginnings().entrySet()) {
				if (beginning.getValue() == 0) continue;
				Long oldestMs = reader.oldestMs(beginning.getKey());
				long ofThisMs = oldestMs == null ? now - retentionMs(kafka) : oldestMs;
				if (ofThisMs <= lostMs) continue;
				lostMs = ofThisMs;
				partition = beginning.getKey().partition();
			}
		}
		if (lostMs == Long.MIN_VALUE) return lostMs;
		long from = lostMs + EventSchema.load().maxClockSkewMs;
		if (from <= now - NEEDED_MS) return from;
		throw new Refusal(
				"Partition %d of the topic %s has lost events, which may be as late as %s: without a checkpoint, the job needs all of the last 25 h. Start it after %s. If the topic keeps messages for less than that, let it keep them for longer first."
						.formatted(partition, TOPIC, Window.iso(lostMs), Window.iso(from + NEEDED_MS)));
	}

	/**
	 * A partition that is empty, and is not new, has lost events. They are older than this, if the topic deletes by age only.
	 * Otherwise 0: they may be of any time, and the job is refused. streams/kafka/topic-age.ts has the same rule.
	 */
	private static long retentionMs(Properties kafka) throws ExecutionException, InterruptedException {
		ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, TOPIC);
		try (Admin admin = Admin.create(kafka)) {
			Config settings = admin.describeConfigs(List.of(topic)).all().get().get(topic);
			boolean isByAge = settings.get("cleanup.policy").value().equals("delete") && Long.parseLong(settings.get("retention.bytes").value()) < 0;
			return isByAge ? Math.max(0, Long.parseLong(settings.get("retention.ms").value())) : 0;
		}
	}

	/** Of a job that begins without a checkpoint, which reads from the oldest message on. */
	static ReadPositions start(Properties kafka) throws ExecutionException, InterruptedException {
		ReadPositions positions = new ReadPositions(topicId(kafka));
		try (TopicReader reader = new TopicReader(kafka, TOPIC)) {
			reader.beginnings().forEach((partition, first) -> positions.continueAt(partition.partition(), first));
		}
		return positions;
	}

	/** @throws Refusal where a job that has read so far cannot go on there: events would be missing, and no sum would show it */
	static void assertHasWhatFollows(Properties kafka, ReadPositions read) throws ExecutionException, InterruptedException {
		if (!read.isOf(topicId(kafka))) throw replaced("its id in Kafka is another one");
		try (TopicReader reader = new TopicReader(kafka, TOPIC)) {
			Map<TopicPartition, Long> ends = reader.ends();
			reader.beginnings()
					.forEach(
							(partition, first) -> {
								long next = read.next(partition.partition());
								if (next < first) throw lost(partition.partition(), next, first);
								if (next > ends.get(partition))
									throw replaced("partition %d has no offset %d".formatted(partition.partition(), next));
							});
		}
	}

	private static String topicId(Properties kafka) throws ExecutionException, InterruptedException {
		try (Admin admin = Admin.create(kafka)) {
			return admin.describeTopics(List.of(TOPIC)).allTopicNames().get().get(TOPIC).topicId().toString();
		}
	}

	private static Refusal lost(int partition, long next, long first) {
		return new Refusal(
				"The topic %s has lost events that the job has not read: partition %d was read up to offset %d, and begins at %d now. The analytics service has counted them: hand the windows over with npm run stream -- engine builtin. Or start the job with a new folder of checkpoints: then windows that have lost events stay as they were published, and those of which none was published are left out."
						.formatted(TOPIC, partition, next, first));
	}

	static Refusal replaced(String sign) {
		return new Refusal(
				"The topic %s was deleted and made again (%s), so the checkpoints do not belong to it. The analytics service has counted what it had: hand the windows over with npm run stream -- engine builtin, as docs/operations.md says under \"After the loss of a log\"."
						.formatted(TOPIC, sign));
	}
}
