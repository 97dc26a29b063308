package shop.analytics;

import org.apache.flink.types.Row;

/** What is counted of a window. Money is whole minor units. A class with public members is what Flink serialises well. */
public class Totals {
	public long orders;
	public long revenue;
	public long uniqueUsers;
	public long average;

	public Totals() {}

	/** Of a row of the view `results`. */
	static Totals of(Row row) {
		Totals totals = new Totals();
		totals.orders = row.<Long>getFieldAs("orders");
		totals.revenue = row.<Long>getFieldAs("revenue");
		totals.uniqueUsers = row.<Long>getFieldAs("unique_users");
		totals.average = row.<Long>getFieldAs("average_order_value");
		return totals;
	}
}
