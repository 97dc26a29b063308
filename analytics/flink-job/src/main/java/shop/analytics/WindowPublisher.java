package shop.analytics;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;

/**
 * Turns the rows of the view `windows` into messages. What a checkpoint holds is published when that checkpoint is
 * complete, and never before: after a kill the job continues with a state that has everything that was published, so no
 * revision falls, and no revision has two contents. Kafka transactions would give the same, but kafkajs delivers aborted
 * ones. Runs with a parallelism of 1.
 */
public class WindowPublisher extends AbstractStreamOperator<Message>
		implements OneInputStreamOperator<Row, Message> {
	/** Of a topic in which nothing happens: out of order for 5 s and silent for 10 s, as in tumbling.window.ts. */
	private static final long QUIET_MS = 15_000;

	/** By key: the highest revisions in the topic, when the job did not continue from a checkpoint. */
	private final HashMap<String, Long> knownRevisions;
	/** Windows from before are those of whoever published them. */
	private final long fromMs;
	private final OwnerCheck owner;

	private transient Map<String, Window> windows;
	/** By key, the last message of each window that is not published yet. */
	private transient Map<String, Message> pending;
	/** The checkpoint that has to be complete first. */
	private transient long pendingCheckpoint;
	private transient ListState<Window> storedWindows;
	private transient ListState<Message> storedPending;
	private transient long watermark;

	public WindowPublisher(HashMap<String, Long> knownRevisions, long fromMs, OwnerCheck owner) {
		this.knownRevisions = knownRevisions;
		this.fromMs = fromMs;
		this.owner = owner;
	}

	@Override
	public void initializeState(StateInitializationContext context) throws Exception {
		super.initializeState(context);
		watermark = Long.MIN_VALUE;
		windows = new HashMap<>();
		pending = new LinkedHashMap<>();
		var store = context.getOperatorStateStore();
		storedWindows = store.getListState(new ListStateDescriptor<>("windows", Window.class));
		storedPending = store.getListState(new ListStateDescriptor<>("pending", Message.class));
		for (Window window : storedWindows.get()) windows.put(window.key(), window);
		for (Message message : storedPending.get()) pending.put(message.key, message);
		pendingCheckpoint = 0;
	}

	@Override
	public void processElement(StreamRecord<Row> element) {
		Row row = element.getValue();
		if (row.getKind() == RowKind.UPDATE_BEFORE) return;
		long start = row.<Long>getFieldAs("window_start");
		if (start < fromMs) return;
		String currency = row.getFieldAs("currency");
		Window window = windows.computeIfAbsent(Window.iso(start) + "/" + currency, key -> first(key, start, currency));
		long orders = row.<Long>getFieldAs("orders");
		if (row.getKind() == RowKind.DELETE || orders <= window.orders)
			throw new SuppressRestartsException(
					new IllegalStateException(
							"The window %s fell from %d orders to %d: its state was lost, so nothing is published. Is --state-ttl too short?"
									.formatted(window.key(), window.orders, orders)));
		window.orders = orders;
		window.revenue = row.<Long>getFieldAs("revenue");
		window.uniqueUsers = row.<Long>getFieldAs("unique_users");
		window.average = row.<Long>getFieldAs("average_order_value");
		window.hasChanged = true;
	}

	private Window first(String key, long start, String currency) {
		Window window = new Window();
		window.start = start;
		window.currency = currency;
		window.base = knownRevisions.getOrDefault(key, 0L);
		return window;
	}

	@Override
	public void processWatermark(Watermark mark) throws Exception {
		watermark = Math.max(watermark, mark.getTimestamp());
		super.processWatermark(mark);
	}

	@Override
	public void snapshotState(StateSnapshotContext context) throws Exception {
		super.snapshotState(context);
		long now = System.currentTimeMillis();
		for (Window window : windows.values()) publish(window, now);
		pendingCheckpoint = context.getCheckpointId();
		// A day more than windows change, so that one that does all the same is noticed.
		windows.values().removeIf(window -> isPast(window.end() + 2 * Window.ALLOWED_LATENESS_MS));
		storedWindows.update(new ArrayList<>(windows.values()));
		storedPending.update(new ArrayList<>(pending.values()));
	}

	private void publish(Window window, long now) {
		boolean isQuiet = !window.hasChanged && now >= window.end() + QUIET_MS;
		window.hasChanged = false;
		if (!isPast(window.end()) && !isQuiet) return;
		boolean isFinal = window.isPublishedFinal || isPast(window.end() + Window.ALLOWED_LATENESS_MS);
		if (window.orders == window.publishedOrders && isFinal == window.isPublishedFinal) return;
		if (window.isPublishedFinal) LOG.error("The window {} was final and has changed.", window.key());
		window.publishedOrders = window.orders;
		window.isPublishedFinal = isFinal;
		pending.put(window.key(), window.message(isFinal, now));
	}

	private boolean isPast(long time) {
		return watermark >= time;
	}

	@Override
	public void notifyCheckpointComplete(long checkpointId) throws Exception {
		super.notifyCheckpointComplete(checkpointId);
		if (pending.isEmpty() || checkpointId < pendingCheckpoint) return;
		owner.assertOwned();
		for (Message message : pending.values()) output.collect(new StreamRecord<>(message));
		pending.clear();
	}

	@Override
	public void close() throws Exception {
		owner.close();
		super.close();
	}
}
