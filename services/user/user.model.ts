import { DataTypes, type Model, type ModelStatic, type Sequelize } from "sequelize";
import type { Locale } from "../../contracts/values.ts";
import type { ColumnsOf } from "../../mixins/sequelize-model.mixin.ts";
import type { Role } from "../../lib/schema.ts";

export interface UserRow extends Model {
	id: string;
	email: string;
	name: string;
	/** Argon2id in PHC form; only `withPassword` reads it. */
	password_hash: string;
	role: Role;
	locale: Locale;
	/** E.164. */
	phone: string | null;
	locked: boolean;
	/** Number of the last change of role or lock, as text; a trigger sets it. */
	standing: string | null;
	version: number;
	created_at: Date;
	updated_at: Date;
}

/** The accounts table. */
export function defineUser(db: Sequelize): ModelStatic<UserRow> {
	return db.define<UserRow>(
		"user",
		{
			id: { type: DataTypes.TEXT, primaryKey: true },
			email: DataTypes.TEXT,
			name: DataTypes.TEXT,
			password_hash: DataTypes.TEXT,
			role: DataTypes.TEXT,
			locale: DataTypes.TEXT,
			phone: DataTypes.TEXT,
			locked: DataTypes.BOOLEAN,
			standing: DataTypes.BIGINT,
			version: DataTypes.INTEGER,
			created_at: DataTypes.DATE,
			updated_at: DataTypes.DATE
		} satisfies ColumnsOf<UserRow>,
		{
			schema: "users",
			tableName: "users",
			timestamps: false,
			defaultScope: { attributes: { exclude: ["password_hash"] } },
			scopes: { withPassword: {} }
		}
	);
}
