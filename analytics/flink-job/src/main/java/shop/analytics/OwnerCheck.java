package shop.analytics;

import java.io.Serializable;

/** Whether this job may publish. */
interface OwnerCheck extends Serializable, AutoCloseable {
	/** Ends the job when another engine has taken over. */
	void assertOwned();

	@Override
	void close();
}
