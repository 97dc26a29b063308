import analyticsService from "../../../services/analytics/analytics.service.ts";
import notificationService from "../../../services/notification/notification.service.ts";
import orderService from "../../../services/order/order.service.ts";
import paymentService from "../../../services/payment/payment.service.ts";
import productService from "../../../services/product/product.service.ts";
import userService from "../../../services/user/user.service.ts";

/** What places, pays and ships an order. */
export const orderServices = [productService, paymentService, orderService];

/** All services but the gateway and the metrics. */
export const allServices = [userService, ...orderServices, analyticsService, notificationService];
