import { analytics } from "./analytics.ts";
import { notification } from "./notification.ts";
import { order } from "./order.ts";
import { payment } from "./payment.ts";
import { product } from "./product.ts";
import { user } from "./user.ts";
import { webhook } from "./webhook.ts";

/** The services behind the gateway. */
export const parts = [user, product, order, payment, notification, analytics, webhook] as const;
