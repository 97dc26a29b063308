package shop.analytics;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;

/**
 * Decides whether this run of the job may publish, and where it continues. An earlier run is ended at last, when nothing
 * else can refuse this one.
 */
final class JobStart {
	/** An earlier run looks at the owner when a checkpoint is complete: within so many intervals, it has noticed. */
	private static final int INTERVALS = 3;
	private static final int MOST_WAITS = 20;

	private final Settings settings;
	private final EngineLog engine;

	/** @param completeFrom of a start without a checkpoint, else Long.MIN_VALUE */
	record From(Optional<String> checkpoint, long completeFrom) {}

	JobStart(Settings settings, EngineLog engine) {
		this.settings = settings;
		this.engine = engine;
	}

	From prepare() throws IOException, ExecutionException, InterruptedException {
		Optional<String> owned = engine.ownership();
		owned.ifPresent(settings::useOwnership);
		check(owned.isPresent() ? settings.checkpoints().newest() : Optional.empty());
		settings.useOwnership(engine.claim());
		settings.checkpoints().make();
		if (engine.announceRun()) waitForEarlierRun();
		engine.assertOwned();
		engine.close();
		Optional<String> checkpoint = settings.checkpoints().newest();
		return new From(checkpoint, check(checkpoint));
	}

	/** What a start from this checkpoint needs of the log. Later ones need less. @throws Refusal where the log does not have it */
	private long check(Optional<String> checkpoint) throws IOException, ExecutionException, InterruptedException {
		if (checkpoint.isEmpty()) return OrdersLog.completeFrom(settings.kafka(), System.currentTimeMillis());
		OrdersLog.assertHasWhatFollows(settings.kafka(), CheckpointFolder.positionsOf(checkpoint.get()));
		return Long.MIN_VALUE;
	}

	/**
	 * A run that goes on would delete the checkpoint from which this one continues, and publish what this one does not know.
	 * It has ended when no checkpoint of it comes any more.
	 */
	private void waitForEarlierRun() throws IOException, InterruptedException {
		Duration each = settings.checkpointInterval().multipliedBy(INTERVALS);
		System.out.println("an earlier run of the job gets " + each.toSeconds() + " s to end");
		Optional<String> before = settings.checkpoints().newest();
		for (int n = 0; n < MOST_WAITS; n++) {
			Thread.sleep(each.toMillis());
			Optional<String> newest = settings.checkpoints().newest();
			if (newest.equals(before)) return;
			before = newest;
		}
		throw new Refusal("An earlier run of the job does not end: cancel it, and start the job again.");
	}
}
