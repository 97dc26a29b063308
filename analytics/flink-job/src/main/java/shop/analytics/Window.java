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
	public long orders;
	public long revenue;
	public long uniqueUsers;
	public long average;
	/** The highest revision that the topic had when this job first saw the window. */
	public long base;
	/** How many orders the last published message had; 0 before the first. */
	public long publishedOrders;
	public boolean isPublishedFinal;
	/** Since the last checkpoint. */
	public boolean hasChanged;

	public Window() {}

	String key() {
		return iso(start) + "/" + currency;
	}

	long end() {
		return start + LENGTH_MS;
	}

	/**
	 * Grows with every order, as only orders change a window, and once more when it becomes final. It depends on nothing
	 * but the content, so that the same content has the same revision in every run.
	 */
	long revision(boolean isFinal) {
		return base + orders + (isFinal ? 1 : 0);
	}

	/** As toMessage of window-messages.ts; every text in it is a number, a time or a currency, so nothing needs escaping. */
	Message message(boolean isFinal, long now) {
		String key = key();
		long revision = revision(isFinal);
		String id = uuid5(key + " " + revision);
		String time = iso(now);
		String data =
				"{\"window_start\":\"%s\",\"window_end\":\"%s\",\"currency\":\"%s\",\"orders\":%d,\"revenue\":%d,\"unique_users\":%d,\"average_order_value\":%d,\"revision\":%d,\"final\":%b}"
						.formatted(
								iso(start), iso(end()), currency, orders, revenue, uniqueUsers, average, revision, isFinal);
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
