package shop.analytics;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.UUID;

/** A minute of one currency, and what of it was published. */
public class Window {
	static final long LENGTH_MS = 60_000;
	static final long ALLOWED_LATENESS_MS = 24 * 3_600_000L;

	private static final DateTimeFormatter ISO =
			DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
	/** That of services/analytics/windows/window-messages.ts. */
	private static final UUID NAMESPACE = UUID.fromString("5f0d2a1c-7a55-4b7e-9a0c-3f6a2f0f8c11");

	public long start;
	public String currency;
	public Totals counted = new Totals();
	/** Of the last message of the window, whichever engine has published it; zeros before the first. */
	public Totals published = new Totals();
	/** The highest revision that the topic had when this job began without a checkpoint. */
	public long base;
	public boolean isPublishedFinal;
	/**
	 * Whatever this job counts does not change it any more: it was final when the job began, or the log has lost events of it,
	 * so that what readers know is more than what the log has.
	 */
	public boolean isFixed;
	/** Since the last checkpoint. */
	public boolean hasChanged;

	public Window() {}

	Window(long start, String currency) {
		this.start = start;
		this.currency = currency;
	}

	static String key(long start, String currency) {
		return iso(start) + "/" + currency;
	}

	String key() {
		return key(start, currency);
	}

	long end() {
		return start + LENGTH_MS;
	}

	/** True where the topic has had all that was counted: after another engine, or of a log that has lost events. */
	boolean isPublished(boolean isFinal) {
		return counted.orders <= published.orders && isFinal == isPublishedFinal;
	}

	/**
	 * Grows with every order, as only orders change a window, and once more when it becomes final. It depends on nothing
	 * but the content, so that the same content has the same revision in every run.
	 */
	private long revision(boolean isFinal) {
		return base + counted.orders + (isFinal ? 1 : 0);
	}

	/** Publishes what was counted, or, where the log has fewer events than readers know of, what they know. */
	Message publish(boolean isFinal, long now) {
		if (counted.orders >= published.orders) published = counted;
		isPublishedFinal = isFinal;
		return message(isFinal, now);
	}

	/** As toMessage of window-messages.ts; every text in it is a number, a time or a currency, so nothing needs escaping. */
	private Message message(boolean isFinal, long now) {
		String key = key();
		long revision = revision(isFinal);
		String id = uuid5(key + " " + revision);
		String time = iso(now);
		String data =
				"{\"window_start\":\"%s\",\"window_end\":\"%s\",\"currency\":\"%s\",\"orders\":%d,\"revenue\":%d,\"unique_users\":%d,\"average_order_value\":%d,\"revision\":%d,\"final\":%b}"
						.formatted(
								iso(start), iso(end()), currency, published.orders, published.revenue,
								published.uniqueUsers, published.average, revision, isFinal);
		String value =
				"{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"/analytics\",\"type\":\"analytics.window\",\"subject\":\"%s\",\"time\":\"%s\",\"datacontenttype\":\"application/json\",\"dataschema\":\"https://schemas.moleculer-commerce.example/analytics.window/v1\",\"partitionkey\":\"%s\",\"sequence\":\"%d\",\"data\":%s}"
						.formatted(id, key, time, key, revision, data);
		return new Message(key, value)
				.header("content-type", "application/cloudevents+json; charset=UTF-8")
				.header("ce_specversion", "1.0")
				.header("ce_id", id)
				.header("ce_source", "/analytics")
				.header("ce_type", "analytics.window")
				.header("ce_subject", key)
				.header("ce_time", time);
	}

	static String iso(long ms) {
		return ISO.format(Instant.ofEpochMilli(ms));
	}

	/** A UUID of version 5 (RFC 9562), as derivedId of lib/id.ts. */
	static String uuid5(String name) {
		try {
			MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
			sha1.update(java.nio.ByteBuffer.allocate(16)
					.putLong(NAMESPACE.getMostSignificantBits())
					.putLong(NAMESPACE.getLeastSignificantBits())
					.array());
			var hash = java.nio.ByteBuffer.wrap(sha1.digest(name.getBytes(StandardCharsets.UTF_8)));
			long high = (hash.getLong() & ~0xf000L) | 0x5000L;
			long low = (hash.getLong() & ~(0b11L << 62)) | (0b10L << 62);
			return new UUID(high, low).toString();
		} catch (NoSuchAlgorithmException error) {
			throw new IllegalStateException(error);
		}
	}
}
