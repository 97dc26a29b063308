import { machineLine } from "./machine.ts";

const cores = [{ model: " Core 9 " }, { model: " Core 9 " }];
const names = ["localhost", "build-7", "10.0.0.4", "fe80::1"];

it.each([
	"http://localhost:8080",
	"http://127.0.0.1:8080/",
	"http://127.5.0.1",
	"http://[::1]:8080",
	"http://[fe80::1]:8080",
	"http://10.0.0.4:8080",
	"http://BUILD-7:8080"
])("a shop at %s is on the machine of k6", url => {
	expect(machineLine(url, cores, names)).toBe(
		"On 2 cores (Core 9), with the shop and k6 on one machine."
	);
});

it.each([
	"https://shop.example",
	"http://10.0.0.5:8080",
	"http://localhost.example",
	"http://[::2]"
])("a shop at %s is on another one", url => {
	expect(machineLine(url, cores, names)).toBe(
		"k6 on 2 cores (Core 9), the shop on another machine."
	);
});
