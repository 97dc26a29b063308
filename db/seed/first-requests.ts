/** Where the first order goes, in every text that shows one. */
export const sampleAddress =
	'{"street": "123 Main St", "city": "SF", "state": "CA", "zip": "94105", "country": "US"}';

const order = `{"items": [{"product_id": "prod-001", "quantity": 2}], "shipping_address": ${sampleAddress}}`;

/** Commands with which somebody tries a shop in demo mode, where a request from its host acts as a customer. */
export const firstRequests = (url: string): string[] => [
	`curl ${url}/api/v1/products`,
	`curl -X POST ${url}/api/v1/orders -H 'Content-Type: application/json' -H 'Prefer: wait=5' -d '${order}'`,
	`curl ${url}/api/v1/orders`
];
