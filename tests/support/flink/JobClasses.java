package shop.analytics;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Scanner;
import java.util.stream.IntStream;

import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.fs.local.LocalFileSystem;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.TimeoutException;

/** Lets tests in TypeScript ask single classes of the job, each by lines of input and output. */
final class JobClasses {
	private static final OwnerCheck NO_CHECK = new OwnerCheck() {
		@Override
		public void assertOwned() {}

		@Override
		public void close() {}
	};

	private JobClasses() {}

	public static void main(String[] words) throws Exception {
		switch (words[0]) {
			case "windows" -> windows();
			case "pending" -> pending();
			case "limits" -> limits();
			case "plan" -> plan(Arrays.copyOfRange(words, 1, words.length));
			case "checkpoints" -> checkpoints(words[1]);
			default -> throw new IllegalArgumentException(words[0]);
		}
	}

	/** Of each line, the key and value of a message in Base64, or "-": the window that the job takes it for. */
	private static void windows() {
		JsonSchema schema = new JsonSchema("window-event.json");
		for (Scanner lines = new Scanner(System.in, StandardCharsets.UTF_8); lines.hasNextLine(); ) {
			String[] parts = lines.nextLine().split(" ");
			var record = new ConsumerRecord<>("analytics-results", 0, 0L, bytes(parts[0]), bytes(parts[1]));
			Window window = PublishedWindows.windowOf(record, schema);
			System.out.println(window == null ? "none" : "%s %d %d".formatted(window.key(), window.base, window.published.orders));
		}
	}

	private static byte[] bytes(String text) {
		return text.equals("-") ? null : Base64.getDecoder().decode(text);
	}

	/**
	 * Of each line, how many messages wait, how many ms it takes to send one, from when on the job is not the owner, or Kafka
	 * does not say, and how many ms a look takes: how many were sent, how old the last look was at most when one was sent, and how it ended.
	 */
	private static void pending() {
		for (Scanner lines = new Scanner(System.in, StandardCharsets.UTF_8); lines.hasNextLine(); ) {
			String[] parts = lines.nextLine().split(" ");
			long[] clock = {0};
			long[] lookedAt = {0};
			long[] result = {0, 0};
			OwnerCheck owner = new OwnerCheck() {
				@Override
				public void assertOwned() {
					lookedAt[0] = clock[0];
					clock[0] += Long.parseLong(parts[4]);
					if (clock[0] >= Long.parseLong(parts[2])) throw new SuppressRestartsException(new Refusal("not the owner"));
					if (clock[0] >= Long.parseLong(parts[3])) throw new TimeoutException("Kafka is away");
				}

				@Override
				public void close() {}
			};
			PendingMessages waiting = new PendingMessages(owner, () -> clock[0]);
			int count = Integer.parseInt(parts[0]);
			waiting.addLate(IntStream.range(0, count).mapToObj(n -> new Message("key", "value")).toList());
			String end = "ok";
			try {
				waiting.publish(message -> {}, message -> {
					result[0]++;
					result[1] = Math.max(result[1], clock[0] - lookedAt[0]);
					clock[0] += Long.parseLong(parts[1]);
				});
			} catch (SuppressRestartsException error) {
				end = "ended";
			}
			System.out.println("%d sent, %d left, %d ms, %s".formatted(result[0], waiting.late().size(), result[1], end));
		}
	}

	/** Of the job with these arguments: how many sources it reads, and what a checkpoint fixes. */
	private static void plan(String[] arguments) throws Exception {
		var start = new JobStart.From(Optional.empty(), Long.MIN_VALUE);
		var graph = new JobPlan(Settings.of(arguments), NO_CHECK).environment(start).getStreamGraph();
		System.out.println(graph.getSourceIDs().size());
		for (var vertex : graph.getJobGraph().getVertices()) System.out.println(vertex.getMaxParallelism());
	}

	/** The newest checkpoint of this folder, where the newest but one is deleted between two looks. */
	private static void checkpoints(String folder) throws Exception {
		Path deleted = new Path(folder, "run/chk-9");
		var files = new LocalFileSystem() {
			@Override
			public FSDataInputStream open(Path file) throws IOException {
				if (file.getParent().getName().equals(deleted.getName())) delete(deleted, true);
				return super.open(file);
			}
		};
		try {
			System.out.println(new CheckpointFolder(new Path(folder), files).newest().map(found -> found.path()).orElse("none"));
		} catch (Refusal refusal) {
			System.out.println(refusal.getMessage());
		}
	}

	/** For how long at most a message may leave after the look at the owner. */
	private static void limits() {
		Properties producer = JobPlan.producer(new Properties());
		for (String name : List.of("max.block.ms", "delivery.timeout.ms")) System.out.println(producer.getProperty(name));
		System.out.println(PendingMessages.LOOK_COUNTS_MS);
	}
}
