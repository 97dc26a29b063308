package shop.analytics;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.types.Row;
import org.apache.flink.util.ExceptionUtils;

/** Runs job.sql: `--sql <file> --brokers <host:port,…> --checkpoints <folder>`; README.md has the rest. */
public final class SqlRunner {
	/** As of sysexits.h; as nodes of the shop end that must not be started again. */
	private static final int CONFIGURATION_ERROR = 78;

	private static final Pattern VARIABLE = Pattern.compile("\\$\\{(\\w+)\\}");
	private static final Pattern SET =
			Pattern.compile("SET\\s+'([^']+)'\\s*=\\s*'([^']*)'", Pattern.CASE_INSENSITIVE);
	private static final String WINDOWS = "analytics-results";
	private static final String LATE = "analytics-late";

	/**
	 * How long a message waits for a broker or for room, and then for its acknowledgement. After a look that counts for 5 s
	 * (PendingMessages) this is less than the 60 s for which cli/handover/handover.ts waits.
	 */
	private static final int BLOCK_LIMIT_MS = 10_000;
	private static final int DELIVERY_LIMIT_MS = 20_000;

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

	/** Why the job may not run. Causes that come from the cluster are serialised. */
	private static Optional<String> refusalOf(Throwable error) {
		ClassLoader loader = SqlRunner.class.getClassLoader();
		return Stream.of(Refusal.class, Settings.Invalid.class)
				.flatMap(type -> ExceptionUtils.findSerializedThrowable(error, type, loader).stream())
				.map(Throwable::getMessage)
				.findFirst();
	}

	private static void run(Settings settings) throws Exception {
		List<String> texts = statementsOf(settings.sql());
		EngineLog engine = new EngineLog(settings.kafka());
		JobStart.From from = new JobStart(settings, engine).prepare();
		Optional<String> checkpoint = from.checkpoint();

		Configuration configuration = new Configuration();
		List<String> statements = new ArrayList<>();
		for (String statement : texts) {
			Matcher set = SET.matcher(statement);
			if (set.matches()) configuration.setString(set.group(1), fill(set.group(2), settings));
			else statements.add(fill(statement, settings));
		}
		for (String key : List.of("execution.checkpointing.dir", "state.checkpoints.dir"))
			configuration.setString(key, settings.checkpointUrl());
		checkpoint.ifPresent(path -> {
			configuration.setString("execution.state-recovery.path", path);
			configuration.setString("execution.savepoint.path", path);
		});
		System.out.println(checkpoint.map(path -> "continues from " + path).orElse("begins without a checkpoint"));

		var environment = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
		var tables = StreamTableEnvironment.create(environment);
		for (String statement : statements) tables.executeSql(statement);
		DataStream<Row> results = tables.toChangelogStream(tables.from("results"));
		PublishedWindows known = new PublishedWindows(settings.kafka(), WINDOWS, from.completeFrom());
		publish(results, settings, new WindowPublisher(known, engine));
		environment.execute(configuration.getString("pipeline.name", "shop-analytics-windows"));
	}

	private static void publish(DataStream<Row> results, Settings settings, WindowPublisher publisher) {
		var windows =
				results.global()
						.transform("publish", TypeInformation.of(Message.class), publisher)
						.uid("publish")
						.setParallelism(1);
		windows.sinkTo(sink(settings, WINDOWS)).uid("sink-windows").setParallelism(1);
		windows.getSideOutput(WindowPublisher.LATE).sinkTo(sink(settings, LATE)).uid("sink-late").setParallelism(1);
	}

	private static KafkaSink<Message> sink(Settings settings, String topic) {
		return KafkaSink.<Message>builder()
				.setKafkaProducerConfig(producer(settings.kafka()))
				.setBootstrapServers(settings.brokers())
				.setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
				.setRecordSerializer(new Message.Serializer(topic))
				.build();
	}

	static Properties producer(Properties kafka) {
		Properties settings = new Properties();
		settings.putAll(kafka);
		settings.put("request.timeout.ms", "5000");
		settings.put("max.block.ms", String.valueOf(BLOCK_LIMIT_MS));
		settings.put("delivery.timeout.ms", String.valueOf(DELIVERY_LIMIT_MS));
		return settings;
	}

	/** Statements end with a semicolon at the end of a line; comments are whole lines. */
	static List<String> statementsOf(String sql) {
		List<String> statements = new ArrayList<>();
		String text = sql.replaceAll("(?m)^\\s*--.*$", "");
		for (String statement : text.split(";\\s*(?:\\n|$)")) if (!statement.isBlank()) statements.add(statement.strip());
		return statements;
	}

	static String fill(String text, Settings settings) {
		return VARIABLE.matcher(text).replaceAll(found -> Matcher.quoteReplacement(settings.variable(found.group(1))));
	}
}
