package shop.analytics;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;

import org.apache.flink.core.fs.Path;
import org.apache.flink.util.TimeUtils;

/** What the command line says. Files may be on any file system of the cluster, like gs://. */
final class Settings {
	private static final Map<String, String> DEFAULTS =
			Map.of(
					"--parallelism", "1",
					"--checkpoint-interval", "5 s",
					"--state-backend", "hashmap",
					"--state-ttl", "8 d",
					"--kafka-properties", "");
	private static final List<String> REQUIRED = List.of("--sql", "--brokers", "--checkpoints");

	private static final List<String> BACKENDS = List.of("hashmap", "rocksdb");
	private static final Duration SHORTEST_TTL = Duration.ofDays(2);
	private static final Duration LONGEST_TTL = Duration.ofDays(366);
	/** Windows are published, and an earlier run notices a newer one, at each checkpoint. */
	private static final Duration SHORTEST_INTERVAL = Duration.ofSeconds(1);
	private static final Duration LONGEST_INTERVAL = Duration.ofMinutes(10);

	private final Map<String, String> values = new HashMap<>(DEFAULTS);
	private final Properties security = new Properties();

	private String ownership = "";

	private Settings() {}

	static Settings of(String[] args) throws IOException, InterruptedException {
		Settings settings = new Settings();
		for (int i = 0; i < args.length; i += 2) {
			if (!DEFAULTS.containsKey(args[i]) && !REQUIRED.contains(args[i]))
				throw new Invalid("There is no option %s.".formatted(args[i]));
			if (i + 1 == args.length) throw new Invalid("The option %s needs a value.".formatted(args[i]));
			settings.values.put(args[i], args[i + 1]);
		}
		for (String name : REQUIRED)
			if (settings.values.getOrDefault(name, "").isEmpty())
				throw new Invalid("The option %s is required.".formatted(name));
		settings.checkTtl();
		settings.checkInterval();
		settings.checkParallelism();
		settings.checkFolder();
		if (!BACKENDS.contains(settings.stateBackend()))
			throw new Invalid("--state-backend is hashmap or rocksdb, not %s.".formatted(settings.stateBackend()));
		settings.readSecurity();
		return settings;
	}

	/** An id or a minute that is forgotten while its window can still change would count twice, or fall. */
	private void checkTtl() {
		Duration ttl = duration("--state-ttl", "8 d");
		String text = values.get("--state-ttl");
		if (ttl.compareTo(SHORTEST_TTL) < 0)
			throw new Invalid("--state-ttl is at least 2 d, because windows change for a day: %s is too short.".formatted(text));
		if (ttl.compareTo(LONGEST_TTL) > 0) throw new Invalid("--state-ttl is at most 366 d: %s is too long.".formatted(text));
	}

	private void checkInterval() {
		Duration interval = checkpointInterval();
		if (interval.compareTo(SHORTEST_INTERVAL) < 0 || interval.compareTo(LONGEST_INTERVAL) > 0)
			throw new Invalid("--checkpoint-interval is from 1 s to 10 min: %s is not.".formatted(values.get("--checkpoint-interval")));
	}

	/** At most that of the state, which a checkpoint fixes. */
	private void checkParallelism() {
		String text = values.get("--parallelism");
		if (!text.matches("[1-9]\\d{0,2}") || Integer.parseInt(text) > JobPlan.MAX_PARALLELISM)
			throw new Invalid("--parallelism is a number from 1 to %d: %s is none.".formatted(JobPlan.MAX_PARALLELISM, text));
	}

	private void checkFolder() {
		try {
			checkpointUrl();
		} catch (IllegalArgumentException error) {
			throw new Invalid("--checkpoints is a folder, like gs://bucket/checkpoints: %s is none.".formatted(values.get("--checkpoints")));
		}
	}

	private Duration duration(String option, String example) {
		try {
			return TimeUtils.parseDuration(values.get(option));
		} catch (RuntimeException error) {
			throw new Invalid("%s is a duration, like %s: %s is none.".formatted(option, example, values.get(option)));
		}
	}

	/** TLS and the login: a file of Kafka's clients, or a secret that has one. Neither is ever an argument. */
	private void readSecurity() throws IOException, InterruptedException {
		String source = values.get("--kafka-properties");
		if (source.isEmpty()) return;
		String text = source.startsWith("projects/") ? SecretManager.read(source) : read(source);
		try {
			security.load(new StringReader(text));
		} catch (IllegalArgumentException error) {
			throw new Invalid("The properties of Kafka in %s are not readable: %s".formatted(source, error.getMessage()));
		}
	}

	String brokers() {
		return values.get("--brokers");
	}

	/** A URL: Flink takes no plain path here. */
	String checkpointUrl() {
		String folder = values.get("--checkpoints");
		boolean isUrl = new Path(folder).toUri().getScheme() != null;
		return (isUrl ? folder : "file://" + new File(folder).getAbsolutePath()) + "/" + ownership;
	}

	CheckpointFolder checkpoints() {
		return CheckpointFolder.of(checkpointUrl());
	}

	Duration checkpointInterval() {
		return duration("--checkpoint-interval", "5 s");
	}

	/** Checkpoints of one backend are not read by another. */
	String stateBackend() {
		return values.get("--state-backend");
	}

	/** Checkpoints are of one: with those of an earlier one, revisions that another engine has published would be repeated. */
	void useOwnership(String name) {
		ownership = name;
	}

	String sql() {
		return read(values.get("--sql"));
	}

	/** For Kafka's clients. */
	Properties kafka() {
		Properties kafka = new Properties();
		kafka.putAll(security);
		kafka.put("bootstrap.servers", brokers());
		return kafka;
	}

	/** Of job.sql. */
	String variable(String name) {
		return switch (name) {
			case "KAFKA_BROKERS" -> quoted(brokers());
			case "KAFKA_PROPERTIES" -> security.stringPropertyNames().stream()
					.sorted()
					.map(key -> ", 'properties.%s' = '%s'".formatted(quoted(key), quoted(security.getProperty(key))))
					.collect(Collectors.joining("\n\t"));
			case "MAX_PARALLELISM" -> String.valueOf(JobPlan.MAX_PARALLELISM);
			case "PARALLELISM", "CHECKPOINT_INTERVAL", "STATE_BACKEND", "STATE_TTL" ->
					values.get("--" + name.toLowerCase().replace('_', '-'));
			default -> throw new Invalid("job.sql has the unknown variable %s.".formatted(name));
		};
	}

	private static String quoted(String text) {
		return text.replace("'", "''");
	}

	private static String read(String file) {
		try {
			Path path = new Path(file);
			try (InputStream in = path.getFileSystem().open(path)) {
				return new String(in.readAllBytes(), StandardCharsets.UTF_8);
			}
		} catch (IOException | IllegalArgumentException error) {
			throw new Invalid("The file %s cannot be read: %s".formatted(file, error.getMessage()));
		}
	}

	/** The command line is wrong. */
	static final class Invalid extends RuntimeException {
		Invalid(String sentence) {
			super(sentence);
		}
	}
}
