package shop.analytics;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.OutputTag;

/**
 * Turns the rows of the view `results` into messages of windows, and of late events as a side output. What a checkpoint
 * holds is published when that checkpoint is complete, and never before: after a kill the job continues with a state that
 * has everything that was published, so no revision falls, and no revision has two contents. Kafka transactions would give
 * the same, but kafkajs delivers aborted ones. Runs with a parallelism of 1.
 */
public class WindowPublisher extends AbstractStreamOperator<Message>
		implements OneInputStreamOperator<Row, Message> {
	static final OutputTag<Message> LATE = new OutputTag<>("late", TypeInformation.of(Message.class));
	/** Of a topic in which nothing happens: out of order for 5 s and silent for 10 s, as in tumbling.window.ts. */
	private static final long QUIET_MS = 15_000;
	/** Names of states that CheckpointFolder reads. */
	static final String POSITIONS = "orders-read-until";
	static final String STATE_BACKEND = "state-backend";

	private final PublishedWindows known;
	private final OwnerCheck owner;
	private final String stateBackend;

	private transient Map<String, Window> windows;
	private transient PendingMessages pending;
	private transient OrdersFollower orders;
	/** Since the last checkpoint. */
	private transient List<Message> newLate;
	/** The checkpoint that has to be complete first. */
	private transient long pendingCheckpoint;
	private transient long completeFrom;
	private transient long watermark;
	private transient ListState<Window> storedWindows;
	private transient ListState<Message> storedPending;
	private transient ListState<Message> storedLate;
	private transient ListState<Long> storedCompleteFrom;
	private transient ListState<String> storedPositions;
	private transient ListState<String> storedBackend;

	public WindowPublisher(PublishedWindows known, OwnerCheck owner, String stateBackend) {
		this.known = known;
		this.owner = owner;
		this.stateBackend = stateBackend;
	}

	@Override
	public void initializeState(StateInitializationContext context) throws Exception {
		super.initializeState(context);
		watermark = Long.MIN_VALUE;
		windows = new HashMap<>();
		pending = new PendingMessages(owner, System::currentTimeMillis);
		newLate = new ArrayList<>();
		pendingCheckpoint = 0;
		var store = context.getOperatorStateStore();
		storedWindows = store.getListState(new ListStateDescriptor<>("windows", Window.class));
		storedPending = store.getListState(new ListStateDescriptor<>("pending", Message.class));
		storedLate = store.getListState(new ListStateDescriptor<>("late", Message.class));
		storedCompleteFrom = store.getListState(new ListStateDescriptor<>("complete-from", Long.class));
		storedPositions = store.getListState(new ListStateDescriptor<>(POSITIONS, String.class));
		storedBackend = store.getListState(new ListStateDescriptor<>(STATE_BACKEND, String.class));
		completeFrom = known.completeFrom;
		for (Long stored : storedCompleteFrom.get()) completeFrom = stored;
		for (Message message : storedPending.get()) pending.addWindow(message);
		pending.addLate(storedLate.get());
		try {
			for (Window window : context.isRestored() ? storedWindows.get() : known.read()) windows.put(window.key(), window);
			orders = OrdersFollower.start(known.kafka);
			for (String stored : storedPositions.get()) orders = OrdersFollower.restore(known.kafka, stored);
		} catch (Refusal refusal) {
			throw new SuppressRestartsException(refusal);
		}
	}

	@Override
	public void processElement(StreamRecord<Row> element) throws Exception {
		Row row = element.getValue();
		if (row.getKind() == RowKind.UPDATE_BEFORE) return;
		if (row.getField("log_partition") != null) orders.advance(row.getFieldAs("log_partition"), row.getFieldAs("log_offset"));
		else if (row.getField("message") == null) count(row);
		else newLate.add(Message.ofLateEvent(row));
	}

	private void count(Row row) {
		long start = row.<Long>getFieldAs("window_start");
		String currency = row.getFieldAs("currency");
		String key = Window.key(start, currency);
		Window window = windows.get(key);
		// Of a window that is not known, and of which the log has lost events, the sums would be too small.
		if (window == null && start < completeFrom) return;
		if (window == null) windows.put(key, window = new Window(start, currency));
		if (window.isFixed) return;
		Totals counted = Totals.of(row);
		if (row.getKind() == RowKind.DELETE || counted.orders <= window.counted.orders)
			throw new SuppressRestartsException(
					new IllegalStateException(
							"The window %s fell from %d orders to %d: its state was lost, so nothing is published. Is --state-ttl too short?"
									.formatted(key, window.counted.orders, counted.orders)));
		window.counted = counted;
		window.hasChanged = true;
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
		pending.addLate(newLate);
		newLate.clear();
		pendingCheckpoint = context.getCheckpointId();
		// A day more than windows change, so that one that does all the same is noticed.
		windows.values().removeIf(window -> isPast(window.end() + 2 * Window.ALLOWED_LATENESS_MS));
		storedWindows.update(new ArrayList<>(windows.values()));
		storedPending.update(pending.windows());
		storedLate.update(pending.late());
		storedCompleteFrom.update(List.of(completeFrom));
		storedPositions.update(List.of(orders.stored()));
		storedBackend.update(List.of(stateBackend));
	}

	private void publish(Window window, long now) {
		boolean isQuiet = !window.hasChanged && now >= window.end() + QUIET_MS;
		window.hasChanged = false;
		if (!isPast(window.end()) && !isQuiet) return;
		boolean isFinal = window.isPublishedFinal || isPast(window.end() + Window.ALLOWED_LATENESS_MS);
		if (window.isPublished(isFinal)) return;
		if (window.isPublishedFinal) LOG.error("The window {} was final and has changed.", window.key());
		if (window.counted.orders < window.published.orders)
			LOG.warn("The log has lost events of the window {}: it stays as it was published.", window.key());
		pending.addWindow(window.publish(isFinal, now));
	}

	private boolean isPast(long time) {
		return watermark >= time;
	}

	@Override
	public void notifyCheckpointComplete(long checkpointId) throws Exception {
		super.notifyCheckpointComplete(checkpointId);
		if (checkpointId < pendingCheckpoint) return;
		pending.publish(
				message -> output.collect(new StreamRecord<>(message)),
				message -> output.collect(LATE, new StreamRecord<>(message)));
	}

	@Override
	public void close() throws Exception {
		owner.close();
		super.close();
	}
}
