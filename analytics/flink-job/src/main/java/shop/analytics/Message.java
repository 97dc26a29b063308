package shop.analytics;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.types.Row;
import org.apache.kafka.clients.producer.ProducerRecord;

/** A message to publish, with text as its key and value; a class with public members is what Flink serialises well. */
public class Message {
	public String key;
	public String value;
	public Map<String, byte[]> headers = new TreeMap<>();

	public Message() {}

	public Message(String key, String value) {
		this.key = key;
		this.value = value;
	}

	/** An event as it came. @param row of the view `results` */
	static Message ofLateEvent(Row row) {
		Message message = new Message(row.getFieldAs("message_key"), row.getFieldAs("message"));
		Map<String, byte[]> headers = row.getFieldAs("headers");
		if (headers != null) message.headers = headers;
		return message;
	}

	Message header(String name, String text) {
		headers.put(name, text.getBytes(StandardCharsets.UTF_8));
		return this;
	}

	/** Writes to a topic, to the partition that Kafka's clients choose by the key, as services/analytics does. */
	static final class Serializer implements KafkaRecordSerializationSchema<Message> {
		private final String topic;

		Serializer(String topic) {
			this.topic = topic;
		}

		@Override
		public ProducerRecord<byte[], byte[]> serialize(Message message, KafkaSinkContext context, Long timestamp) {
			byte[] key = message.key == null ? null : message.key.getBytes(StandardCharsets.UTF_8);
			byte[] value = message.value.getBytes(StandardCharsets.UTF_8);
			ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, null, null, key, value);
			message.headers.forEach((name, bytes) -> record.headers().add(name, bytes));
			return record;
		}
	}
}
