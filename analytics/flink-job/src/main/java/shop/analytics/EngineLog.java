package shop.analytics;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.ExecutionException;

import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Who publishes windows, as services/analytics/ownership has it, by the topic `analytics-engine`. The first claim owns the
 * windows until an operator hands them over. Of several runs of the job, the one that started last publishes. Each check
 * reads the whole topic, which has a few records, so that one that was lost and made again is noticed.
 */
final class EngineLog implements OwnerCheck {
	static final String ENGINE = "flink";
	private static final String TOPIC = "analytics-engine";

	private final Properties kafka;
	private final String run = UUID.randomUUID().toString();
	private transient TopicReader reader;

	/**
	 * @param engine that owns the windows, or to which they are being handed over; null before the first claim
	 * @param isOwner false while they are being handed over
	 * @param name of this ownership, which no other one has, also in a topic that was made again
	 * @param run that started last since Flink became the owner
	 */
	record Ownership(String engine, boolean isOwner, String name, String run) {
		static final Ownership NONE = new Ownership(null, false, null, null);
	}

	EngineLog(Properties kafka) {
		this.kafka = kafka;
	}

	/** Name of the ownership of Flink; empty where no engine has claimed the windows yet. @throws Refusal where another engine owns them */
	Optional<String> ownership() throws ExecutionException, InterruptedException {
		createTopic();
		Ownership found = read();
		if (found.engine() != null) assertFlink(found);
		return Optional.ofNullable(found.name());
	}

	/** Makes Flink the owner where there is none, and answers the name of its ownership. @throws Refusal where another engine owns the windows */
	String claim() throws ExecutionException, InterruptedException {
		if (ownership().isEmpty()) send("claim", null);
		Ownership found = read();
		assertFlink(found);
		return found.name();
	}

	/** Makes this run the one that publishes. Answers whether there was an earlier one since Flink became the owner: it may still run. */
	boolean announceRun() throws ExecutionException, InterruptedException {
		boolean isLater = read().run() != null;
		send("run", run);
		assertFlink(read());
		return isLater;
	}

	@Override
	public void assertOwned() {
		Ownership found = read();
		try {
			assertFlink(found);
			if (!run.equals(found.run()))
				throw new Refusal("The job was started again: this run ends, and the one that started last publishes the windows.");
		} catch (Refusal refusal) {
			throw new SuppressRestartsException(refusal);
		}
	}

	private static void assertFlink(Ownership found) {
		if (found.engine() == null)
			throw new Refusal(
					"No engine owns the windows: the topic %s was lost. Do not start the job again; docs/operations.md says under \"After the loss of a log\" what to do."
							.formatted(TOPIC));
		if (!found.isOwner())
			throw new Refusal(
					"The windows are being handed over to the engine %s: if that was interrupted, repeat npm run stream -- engine %s."
							.formatted(found.engine(), found.engine()));
		if (!found.engine().equals(ENGINE))
			throw new Refusal(
					"The windows are published by the engine %s: hand them over with npm run stream -- engine flink."
							.formatted(found.engine()));
	}

	private Ownership read() {
		if (reader == null) reader = new TopicReader(kafka, TOPIC);
		Ownership[] found = {Ownership.NONE};
		// Without the topic, no engine has claimed the windows yet, or its claim was lost.
		reader.readIfThere(record -> found[0] = apply(found[0], record));
		return found[0];
	}

	/** As applyRecord of services/analytics/ownership/engine-log.ts: what is no record has no say. */
	private static Ownership apply(Ownership before, ConsumerRecord<byte[], byte[]> record) {
		JsonNode fields;
		try {
			fields = new ObjectMapper().readTree(record.value() == null ? new byte[0] : record.value());
		} catch (IOException error) {
			return before;
		}
		String engine = fields.path("engine").asText();
		if (!engine.equals(ENGINE) && !engine.equals("builtin")) return before;
		String name = "ownership-%d-%d".formatted(record.offset(), record.timestamp());
		Ownership owner = new Ownership(engine, true, name, before.run());
		return switch (fields.path("step").asText()) {
			case "claim" -> before.engine() == null ? owner : before;
			// Runs of before have ended when it is over.
			case "release" -> new Ownership(engine, false, name, null);
			case "take" -> !before.isOwner() && engine.equals(before.engine()) ? owner : before;
			case "run" -> new Ownership(before.engine(), before.isOwner(), before.name(), fields.path("run").asText());
			default -> before;
		};
	}

	/** With the settings of streams/kafka/kafka.driver.ts. */
	private void createTopic() throws ExecutionException, InterruptedException {
		try (Admin admin = Admin.create(kafka)) {
			if (admin.listTopics().names().get().contains(TOPIC)) return;
			int copies = Math.min(3, admin.describeCluster().nodes().get().size());
			NewTopic topic = new NewTopic(TOPIC, Optional.of(1), Optional.of((short) copies));
			topic.configs(
					Map.of(
							"cleanup.policy", "delete",
							"retention.ms", "-1",
							"message.timestamp.type", "LogAppendTime",
							"min.insync.replicas", String.valueOf(Math.min(2, copies))));
			admin.createTopics(List.of(topic)).all().get();
		} catch (ExecutionException error) {
			if (!(error.getCause() instanceof TopicExistsException)) throw error;
		}
	}

	private void send(String step, String run) throws ExecutionException, InterruptedException {
		var record = new ObjectMapper().createObjectNode().put("engine", ENGINE).put("step", step);
		if (run != null) record.put("run", run);
		record.put("at", Window.iso(System.currentTimeMillis()));
		byte[] value = record.toString().getBytes(StandardCharsets.UTF_8);
		try (var producer = new KafkaProducer<>(kafka, new ByteArraySerializer(), new ByteArraySerializer())) {
			producer.send(new ProducerRecord<>(TOPIC, value)).get();
		}
	}

	@Override
	public void close() {
		if (reader != null) reader.close();
		reader = null;
	}
}
