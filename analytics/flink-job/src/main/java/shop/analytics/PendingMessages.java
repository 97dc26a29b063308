package shop.analytics;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

import org.apache.kafka.common.errors.RetriableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Messages that wait until a checkpoint that holds them is complete, and leave only while this job is the owner. */
final class PendingMessages {
	private static final Logger LOG = LoggerFactory.getLogger(PendingMessages.class);
	/**
	 * A look at the owner counts for so long, as in services/analytics/ownership. With the limits of the producer (JobPlan)
	 * this is less than the 60 s for which a handover waits: the last message has left before the other engine begins.
	 */
	static final long LOOK_COUNTS_MS = 5000;

	private final OwnerCheck owner;
	private final LongSupplier clockMs;
	/** By key, the last message of each window. */
	private final Map<String, Message> windows = new LinkedHashMap<>();
	private final Collection<Message> late = new ArrayDeque<>();
	private long lookedAt;

	PendingMessages(OwnerCheck owner, LongSupplier clockMs) {
		this.owner = owner;
		this.clockMs = clockMs;
	}

	void addWindow(Message message) {
		windows.put(message.key, message);
	}

	void addLate(Iterable<Message> messages) {
		messages.forEach(late::add);
	}

	List<Message> windows() {
		return new ArrayList<>(windows.values());
	}

	List<Message> late() {
		return new ArrayList<>(late);
	}

	/** Publishes all. What is left, because Kafka does not say now who the owner is, leaves after a later checkpoint. */
	void publish(Consumer<Message> sendWindow, Consumer<Message> sendLate) {
		if (look() && drain(windows.values(), sendWindow)) drain(late, sendLate);
	}

	/** Also of a run that has nothing to publish: one that was replaced has to end, or it would delete checkpoints of its successor. */
	private boolean look() {
		long now = clockMs.getAsLong();
		try {
			owner.assertOwned();
		} catch (RetriableException error) {
			LOG.warn("It is not known who owns the windows, so nothing is published: {}", error.toString());
			return false;
		}
		if (hasPassed(now)) {
			LOG.warn("To ask who owns the windows took more than {} ms, so nothing is published.", LOOK_COUNTS_MS);
			return false;
		}
		lookedAt = now;
		return true;
	}

	/** False where it had to stop. */
	private boolean drain(Collection<Message> messages, Consumer<Message> send) {
		for (Iterator<Message> rest = messages.iterator(); rest.hasNext(); rest.remove()) {
			if (hasPassed(lookedAt) && !look()) return false;
			send.accept(rest.next());
		}
		return true;
	}

	/** Whether what was seen at that time does not count any more. */
	private boolean hasPassed(long time) {
		return Math.abs(clockMs.getAsLong() - time) >= LOOK_COUNTS_MS;
	}
}
