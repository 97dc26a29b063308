import { DataTypes, type Model, type ModelStatic, type Sequelize } from "sequelize";
import type { ColumnsOf } from "../../mixins/sequelize-model.mixin.ts";

interface StockRow extends Model {
	on_hand: number;
	reserved: number;
}

export interface ProductRow extends Model {
	id: string;
	sku: string;
	name: string;
	description: string;
	category: string;
	price_minor: number;
	currency: string;
	image_url: string | null;
	archived: boolean;
	version: number;
	created_at: Date;
	updated_at: Date;
	stock: StockRow;
}

/** Sequelize returns bigint as text; ours stay below 2^53. */
function bigint(name: string) {
	return {
		type: DataTypes.BIGINT,
		get(this: Model) {
			return Number(this.getDataValue(name));
		}
	};
}

/** Sequelize modifies the definition, so each column needs its own. */
const primaryKey = () => ({ type: DataTypes.TEXT, primaryKey: true });

/** The catalogue's tables, each product with its stock. */
export function defineProduct(db: Sequelize): ModelStatic<ProductRow> {
	const stock = db.define<StockRow>(
		"stock",
		{ product_id: primaryKey(), on_hand: bigint("on_hand"), reserved: bigint("reserved") },
		{ schema: "product", tableName: "stock", timestamps: false }
	);
	const product = db.define<ProductRow>(
		"product",
		{
			id: primaryKey(),
			sku: DataTypes.TEXT,
			name: DataTypes.TEXT,
			description: DataTypes.TEXT,
			category: DataTypes.TEXT,
			price_minor: bigint("price_minor"),
			currency: DataTypes.CHAR(3),
			image_url: DataTypes.TEXT,
			archived: DataTypes.BOOLEAN,
			version: DataTypes.INTEGER,
			created_at: DataTypes.DATE,
			updated_at: DataTypes.DATE
		} satisfies ColumnsOf<ProductRow, "stock">,
		{ schema: "product", tableName: "products", timestamps: false }
	);
	product.hasOne(stock, { as: "stock", foreignKey: "product_id" });
	return product;
}
