package shop.analytics;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;

import shop.analytics.CheckpointFolder.Checkpoint;

/**
 * Decides whether this run of the job may publish, and where it continues. It has two steps: `check` changes nothing, and
 * `claim` ends an earlier run. Between them SqlRunner plans the job, so a start that is refused, or that Flink cannot plan,
 * leaves the earlier run as it is.
 */
final class JobStart {
	/** An earlier run looks at the owner when a checkpoint is complete: within so many intervals, it has noticed. */
	private static final int INTERVALS = 3;
	private static final int MOST_WAITS = 20;

	private final Settings settings;
	private final EngineLog engine;

	/**
	 * @param checkpoint if there is one
	 * @param completeFrom of a start without a checkpoint, else Long.MIN_VALUE
	 */
	record From(Optional<Checkpoint> checkpoint, long completeFrom) {}

	JobStart(Settings settings, EngineLog engine) {
		this.settings = settings;
		this.engine = engine;
	}

	/** From where the job would continue now. @throws Refusal */
	From check() throws ExecutionException, InterruptedException {
		Optional<String> owned = engine.ownership();
		owned.ifPresent(settings::useOwnership);
		return from(owned.isPresent() ? settings.checkpoints().newest() : Optional.empty());
	}

	/** Makes this run the one that publishes, and answers from where it continues. @throws Refusal */
	From claim() throws ExecutionException, InterruptedException {
		settings.useOwnership(engine.claim());
		settings.checkpoints().make();
		if (engine.announceRun()) waitForEarlierRun();
		engine.assertOwned();
		engine.close();
		return from(settings.checkpoints().newest());
	}

	/** What a start needs of the log, and of the checkpoint. Later checkpoints need less. @throws Refusal where it is not there */
	private From from(Optional<Checkpoint> newest) throws ExecutionException, InterruptedException {
		if (newest.isEmpty())
			return new From(Optional.empty(), OrdersLog.completeFrom(settings.kafka(), System.currentTimeMillis()));
		Checkpoint checkpoint = newest.get();
		if (!checkpoint.stateBackend().equals(settings.stateBackend()))
			throw new Refusal(
					"The checkpoint %s is of the state backend %s, and --state-backend is %s: use that of the checkpoint, or a new folder of checkpoints."
							.formatted(checkpoint.path(), checkpoint.stateBackend(), settings.stateBackend()));
		OrdersLog.assertHasWhatFollows(settings.kafka(), checkpoint.read());
		return new From(newest, Long.MIN_VALUE);
	}

	/**
	 * A run that goes on would delete the checkpoint from which this one continues, and publish what this one does not know.
	 * It has ended when no checkpoint of it comes any more.
	 */
	private void waitForEarlierRun() throws InterruptedException {
		Duration each = settings.checkpointInterval().multipliedBy(INTERVALS);
		System.out.println("an earlier run of the job gets " + each.toSeconds() + " s to end");
		Optional<String> before = newestPath();
		for (int n = 0; n < MOST_WAITS; n++) {
			Thread.sleep(each.toMillis());
			Optional<String> newest = newestPath();
			if (newest.equals(before)) return;
			before = newest;
		}
		throw new Refusal("An earlier run of the job does not end: cancel it, and start the job again.");
	}

	private Optional<String> newestPath() {
		return settings.checkpoints().newest().map(Checkpoint::path);
	}
}
