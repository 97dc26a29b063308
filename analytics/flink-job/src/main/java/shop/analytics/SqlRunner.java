package shop.analytics;

import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

import org.apache.flink.util.ExceptionUtils;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;

/** Runs job.sql: `--sql <file> --brokers <host:port,…> --checkpoints <folder>`; README.md has the rest. */
public final class SqlRunner {
	/** As of sysexits.h; as nodes of the shop end that must not be started again. */
	private static final int CONFIGURATION_ERROR = 78;

	/** Why the job may not run, by the exception that says it: a repetition does not help. */
	private static final Map<Class<? extends Exception>, String> REFUSALS =
			Map.of(
					Refusal.class, "%s",
					Settings.Invalid.class, "%s",
					ConfigException.class, "Kafka does not take the settings of the job: %s",
					AuthenticationException.class, "Kafka does not accept the login of --kafka-properties: %s",
					AuthorizationException.class,
							"Kafka does not let the user of --kafka-properties do this: %s npm run stream -- rights shows what the user flink needs.");

	private SqlRunner() {}

	public static void main(String[] args) throws Exception {
		try {
			run(Settings.of(args));
		} catch (Exception error) {
			Optional<String> refusal = refusalOf(error);
			if (refusal.isEmpty()) throw error;
			System.err.println(refusal.get());
			System.exit(CONFIGURATION_ERROR);
		}
	}

	/** Causes that come from the cluster are serialised. */
	private static Optional<String> refusalOf(Throwable error) {
		ClassLoader loader = SqlRunner.class.getClassLoader();
		return REFUSALS.entrySet().stream()
				.flatMap(
						refusal ->
								ExceptionUtils.findSerializedThrowable(error, refusal.getKey(), loader).stream()
										.map(found -> refusal.getValue().formatted(found.getMessage())))
				.findFirst();
	}

	private static void run(Settings settings) throws Exception {
		EngineLog engine = new EngineLog(settings.kafka());
		JobStart start = new JobStart(settings, engine);
		JobPlan plan = new JobPlan(settings, engine);
		plan.assertRuns(start.check());

		JobStart.From from = start.claim();
		System.out.println(from.checkpoint().map(found -> "continues from " + found.path()).orElse("begins without a checkpoint"));
		plan.environment(from).execute(plan.name());
	}
}
