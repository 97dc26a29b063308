package shop.analytics;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.types.Row;
import org.apache.flink.util.ExceptionUtils;

/** The job as Flink runs it: the statements of job.sql, and what publishes the rows of the view `results`. */
final class JobPlan {
	/** Of job.sql, which sets it: a checkpoint fixes it, and a parallelism above it is refused. */
	static final int MAX_PARALLELISM = 128;

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

	private final Settings settings;
	private final OwnerCheck owner;
	private final Configuration options = new Configuration();
	private final List<String> statements = new ArrayList<>();

	JobPlan(Settings settings, OwnerCheck owner) {
		this.settings = settings;
		this.owner = owner;
		for (String statement : statementsOf(settings.sql())) {
			Matcher set = SET.matcher(statement);
			if (set.matches()) options.setString(set.group(1), fill(set.group(2)));
			else statements.add(fill(statement));
		}
	}

	String name() {
		return options.getString("pipeline.name", "shop-analytics-windows");
	}

	/** The job that begins there: `execute` runs it. Each call plans it once more. */
	StreamExecutionEnvironment environment(JobStart.From from) {
		Configuration configuration = new Configuration(options);
		for (String key : List.of("execution.checkpointing.dir", "state.checkpoints.dir"))
			configuration.setString(key, settings.checkpointUrl());
		from.checkpoint().ifPresent(checkpoint -> {
			configuration.setString("execution.state-recovery.path", checkpoint.path());
			configuration.setString("execution.savepoint.path", checkpoint.path());
		});
		var environment = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
		var tables = StreamTableEnvironment.create(environment);
		for (String statement : statements) tables.executeSql(statement);
		PublishedWindows known = new PublishedWindows(settings.kafka(), WINDOWS, from.completeFrom());
		publish(
				tables.toChangelogStream(tables.from("results")),
				new WindowPublisher(known, owner, settings.stateBackend()));
		return environment;
	}

	/** Whether Flink takes the job, and the checkpoint from which it would continue. @throws Refusal */
	void assertRuns(JobStart.From from) {
		Set<OperatorID> operators = new HashSet<>();
		try {
			for (var vertex : environment(from).getStreamGraph().getJobGraph().getVertices())
				for (var id : vertex.getOperatorIDs())
					operators.add(id.getUserDefinedOperatorID().orElse(id.getGeneratedOperatorID()));
		} catch (RuntimeException error) {
			throw new Refusal("Flink cannot plan the job: %s".formatted(ExceptionUtils.stringifyException(error)));
		}
		// Flink refuses it too, but not before the job has begun, and has ended the run before.
		from.checkpoint().ifPresent(checkpoint -> {
			if (!operators.containsAll(checkpoint.operators()))
				throw new Refusal(
						"The checkpoint %s is of another job.sql or version of Flink: use a new folder of checkpoints.".formatted(checkpoint.path()));
		});
	}

	private void publish(DataStream<Row> results, WindowPublisher publisher) {
		var windows =
				results.global()
						.transform("publish", TypeInformation.of(Message.class), publisher)
						.uid("publish")
						.setParallelism(1);
		windows.sinkTo(sink(WINDOWS)).uid("sink-windows").setParallelism(1);
		windows.getSideOutput(WindowPublisher.LATE).sinkTo(sink(LATE)).uid("sink-late").setParallelism(1);
	}

	private KafkaSink<Message> sink(String topic) {
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

	private String fill(String text) {
		return VARIABLE.matcher(text).replaceAll(found -> Matcher.quoteReplacement(settings.variable(found.group(1))));
	}
}
