package shop.analytics;

import java.util.Properties;
import java.util.concurrent.ExecutionException;

import org.apache.flink.runtime.execution.SuppressRestartsException;

/** Follows what the job reads of the topic `orders`, and ends the job where events are missing. */
final class OrdersFollower {
	private final Properties kafka;
	private final ReadPositions positions;

	private OrdersFollower(Properties kafka, ReadPositions positions) {
		this.kafka = kafka;
		this.positions = positions;
	}

	/** Of a job that begins without a checkpoint. */
	static OrdersFollower start(Properties kafka) throws ExecutionException, InterruptedException {
		return new OrdersFollower(kafka, OrdersLog.start(kafka));
	}

	/** Also where Flink restarts the job by itself, which may be later than the log keeps events. @param stored that of `stored` */
	static OrdersFollower restore(Properties kafka, String stored) throws ExecutionException, InterruptedException {
		ReadPositions positions = ReadPositions.of(stored);
		OrdersLog.assertHasWhatFollows(kafka, positions);
		return new OrdersFollower(kafka, positions);
	}

	String stored() {
		return positions.toString();
	}

	/** Before a checkpoint that would hold sums without the lost events, and be the one from which the job continues. */
	void advance(int partition, long offset) throws ExecutionException, InterruptedException {
		try {
			if (positions.isAfterGap(partition, offset)) OrdersLog.assertHasWhatFollows(kafka, positions);
			positions.advance(partition, offset);
		} catch (Refusal refusal) {
			throw new SuppressRestartsException(refusal);
		}
	}
}
