/** Where the orders of generated customers go. */
export const deliveryAddress = {
	street: "123 Main St",
	city: "SF",
	state: "CA",
	zip: "94105",
	country: "USA"
};
