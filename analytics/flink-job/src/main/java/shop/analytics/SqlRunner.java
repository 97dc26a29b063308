package shop.analytics;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.types.Row;

/** Runs job.sql: `--sql <file> --brokers <host:port,…> --checkpoints <folder>`; README.md has the rest. */
public final class SqlRunner {
	/** As of sysexits.h; as nodes of the shop end that must not be started again. */
	private static final int CONFIGURATION_ERROR = 78;

	private static final Pattern VARIABLE = Pattern.compile("\\$\\{(\\w+)\\}");
	private static final Pattern SET =
			Pattern.compile("SET\\s+'([^']+)'\\s*=\\s*'([^']*)'", Pattern.CASE_INSENSITIVE);
	private static final String WINDOWS = "analytics-results";
	private static final String LATE = "analytics-late";

	private SqlRunner() {}

	public static void main(String[] args) throws Exception {
		try {
			run(Settings.of(args));
		} catch (Exception error) {
			Throwable cause = error;
			while (cause.getCause() != null) cause = cause.getCause();
			System.err.println(cause.getMessage());
			boolean isRefusal = cause instanceof EngineLog.Refusal || cause instanceof Settings.Invalid;
			if (!isRefusal) throw error;
			System.exit(CONFIGURATION_ERROR);
		}
	}

	private static void run(Settings settings) throws Exception {
		EngineLog engine = new EngineLog(settings.kafka());
		settings.useOwnership(engine.claim());
		engine.close();

		Configuration configuration = new Configuration();
		List<String> statements = new ArrayList<>();
		for (String statement : statementsOf(settings.sql())) {
			Matcher set = SET.matcher(statement);
			if (set.matches()) configuration.setString(set.group(1), fill(set.group(2), settings));
			else statements.add(fill(statement, settings));
		}
		for (String key : List.of("execution.checkpointing.dir", "state.checkpoints.dir"))
			configuration.setString(key, settings.checkpoints());
		var checkpoint = settings.newestCheckpoint();
		checkpoint.ifPresent(path -> {
			configuration.setString("execution.state-recovery.path", path);
			configuration.setString("execution.savepoint.path", path);
		});
		System.out.println(checkpoint.map(path -> "continues from " + path).orElse("begins without a checkpoint"));

		var environment = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
		var tables = StreamTableEnvironment.create(environment);
		for (String statement : statements) tables.executeSql(statement);
		HashMap<String, Long> known =
				checkpoint.isPresent() ? new HashMap<>() : EngineLog.knownRevisions(settings.kafka(), WINDOWS);
		long from = known.isEmpty() ? Long.MIN_VALUE : System.currentTimeMillis() - Window.ALLOWED_LATENESS_MS;
		DataStream<Row> results = tables.toChangelogStream(tables.from("results"));
		publishWindows(results, settings, new WindowPublisher(known, from, engine));
		publishLate(results, settings);
		environment.execute(configuration.getString("pipeline.name", "shop-analytics-windows"));
	}

	private static boolean isLate(Row row) {
		return row.getField("message") != null;
	}

	private static void publishWindows(DataStream<Row> results, Settings settings, WindowPublisher publisher) {
		results.filter(row -> !isLate(row))
				.uid("filter-windows")
				.global()
				.transform("publish-windows", TypeInformation.of(Message.class), publisher)
				.uid("publish-windows")
				.setParallelism(1)
				.sinkTo(sink(settings, WINDOWS))
				.uid("sink-windows")
				.setParallelism(1);
	}

	/** At once and maybe repeatedly: readers know an event by its id. */
	private static void publishLate(DataStream<Row> results, Settings settings) {
		results.filter(SqlRunner::isLate)
				.uid("filter-late")
				.map(SqlRunner::lateMessage)
				.returns(Message.class)
				.uid("map-late")
				.sinkTo(sink(settings, LATE))
				.uid("sink-late");
	}

	private static Message lateMessage(Row row) {
		Message message = new Message(row.getFieldAs("message_key"), row.getFieldAs("message"));
		message.headers = row.getFieldAs("headers");
		return message;
	}

	private static KafkaSink<Message> sink(Settings settings, String topic) {
		return KafkaSink.<Message>builder()
				.setKafkaProducerConfig(settings.kafka())
				.setBootstrapServers(settings.brokers())
				.setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
				.setRecordSerializer(new Message.Serializer(topic))
				.build();
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
