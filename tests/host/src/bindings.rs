//! The host side of Spin's interfaces, generated from `wit/`.
//! The traits are implemented beside what they stand for: `sqlite`, `key_value`, `postgres`,
//! `variables`.

wasmtime::component::bindgen!({
    path: "wit",
    world: "platform",
    // Calls that cannot answer with an error of their own trap instead.
    imports: {
        "spin:sqlite/sqlite.[static]connection.open": async,
        "spin:sqlite/sqlite.[method]connection.execute": async,
        "spin:sqlite/sqlite.[method]connection.changes-async": async | store | trappable,
        "spin:sqlite/sqlite.[method]connection.last-insert-rowid-async": async | store | trappable,
        "spin:sqlite/sqlite.[method]connection.changes": async | trappable,
        "spin:sqlite/sqlite.[method]connection.last-insert-rowid": async | trappable,
        "spin:key-value/key-value.[method]store.get-keys": async | store | trappable,
        default: async | store,
    },
    with: {
        "spin:sqlite/sqlite.connection": crate::database::Database,
        "spin:key-value/key-value.store": crate::key_value::OpenStore,
        "spin:postgres/postgres.connection": crate::postgres::Session,
    },
    require_store_data_send: true,
});
