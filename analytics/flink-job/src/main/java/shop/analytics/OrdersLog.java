package shop.analytics;

import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;

/** What the topic `orders` still has. */
final class OrdersLog {
	static final String TOPIC = "orders";
	/** Windows that can still change, and an hour for the start of the job. */
	private static final long NEEDED_MS = Window.ALLOWED_LATENESS_MS + 3_600_000;

	private OrdersLog() {}

	/**
	 * Of the windows that begin after this time, the topic has all events: what it has lost is older than its oldest event,
	 * but for the clocks of the shop. Long.MIN_VALUE where it has lost nothing.
	 *
	 * @throws Settings.Invalid where windows that can still change are not among them: their sums would be too small
	 */
	static long completeFrom(Properties kafka, long now) throws ExecutionException, InterruptedException {
		long lostMs = Long.MIN_VALUE;
		try (TopicReader reader = new TopicReader(kafka, TOPIC)) {
			for (Map.Entry<TopicPartition, Long> beginning : reader.beginnings().entrySet()) {
				if (beginning.getValue() == 0) continue;
				Long oldestMs = reader.oldestMs(beginning.getKey());
				lostMs = Math.max(lostMs, oldestMs == null ? now - retentionMs(kafka) : oldestMs);
			}
		}
		if (lostMs == Long.MIN_VALUE) return lostMs;
		long from = lostMs + EventSchema.load().maxClockSkewMs;
		if (from <= now - NEEDED_MS) return from;
		throw new Settings.Invalid(
				"The topic %s has lost events of %s and earlier: without a checkpoint, the job needs those of the last 25 h. Let the topic keep messages for longer, and start the job when it has them."
						.formatted(TOPIC, Window.iso(lostMs)));
	}

	/** How long the topic keeps messages: those of an empty partition are older. 0 if they were deleted for another reason. */
	private static long retentionMs(Properties kafka) throws ExecutionException, InterruptedException {
		ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, TOPIC);
		try (Admin admin = Admin.create(kafka)) {
			var settings = admin.describeConfigs(List.of(topic)).all().get().get(topic);
			return Math.max(0, Long.parseLong(settings.get("retention.ms").value()));
		}
	}
}
