package shop.analytics;

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

	private static final Duration SHORTEST_TTL = Duration.ofDays(2);

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
		settings.readSecurity();
		return settings;
	}

	/** An id or a minute that is forgotten while its window can still change would count twice, or fall. */
	private void checkTtl() {
		String text = values.get("--state-ttl");
		try {
			if (TimeUtils.parseDuration(text).compareTo(SHORTEST_TTL) >= 0) return;
		} catch (RuntimeException error) {
			throw new Invalid("--state-ttl is a duration, like 8 d: %s is none.".formatted(text));
		}
		throw new Invalid("--state-ttl is at least 2 d, because windows change for a day: %s is too short.".formatted(text));
	}

	private void checkInterval() {
		try {
			checkpointInterval();
		} catch (RuntimeException error) {
			throw new Invalid("--checkpoint-interval is a duration, like 5 s: %s is none.".formatted(values.get("--checkpoint-interval")));
		}
	}

	/** TLS and the login: a file of Kafka's clients, or a secret that has one. Neither is ever an argument. */
	private void readSecurity() throws IOException, InterruptedException {
		String source = values.get("--kafka-properties");
		if (source.isEmpty()) return;
		String text = source.startsWith("projects/") ? SecretManager.read(source) : read(source);
		security.load(new StringReader(text));
	}

	String brokers() {
		return values.get("--brokers");
	}

	/** A URL: Flink takes no plain path here. */
	String checkpointUrl() {
		String folder = values.get("--checkpoints");
		return (new Path(folder).toUri().getScheme() == null ? "file://" + folder : folder) + "/" + ownership;
	}

	CheckpointFolder checkpoints() {
		return new CheckpointFolder(checkpointUrl());
	}

	Duration checkpointInterval() {
		return TimeUtils.parseDuration(values.get("--checkpoint-interval"));
	}

	/** Checkpoints are of one: with those of an earlier one, revisions that another engine has published would be repeated. */
	void useOwnership(String name) {
		ownership = name;
	}

	String sql() throws IOException {
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
			case "PARALLELISM", "CHECKPOINT_INTERVAL", "STATE_BACKEND", "STATE_TTL" ->
					values.get("--" + name.toLowerCase().replace('_', '-'));
			default -> throw new Invalid("job.sql has the unknown variable %s.".formatted(name));
		};
	}

	private static String quoted(String text) {
		return text.replace("'", "''");
	}

	private static String read(String file) throws IOException {
		Path path = new Path(file);
		try (InputStream in = path.getFileSystem().open(path)) {
			return new String(in.readAllBytes(), StandardCharsets.UTF_8);
		}
	}

	/** The command line is wrong. */
	static final class Invalid extends RuntimeException {
		Invalid(String sentence) {
			super(sentence);
		}
	}
}
