import { contract } from "../lib/schema.ts";
import { ready } from "./values.ts";

export const notification = contract("notification", { ready });
