// A table of connections, in memory, or in the file that TABLE names. It has the three
// operations that the functions need; on AWS a table of DynamoDB is here.
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const file = process.env.TABLE;
const items = new Map(
    file && existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [],
);

function save() {
    if (file) writeFileSync(file, JSON.stringify([...items]));
}

export async function put(item) {
    items.set(item.connectionId, item);
    save();
}

export async function remove(connectionId) {
    items.delete(connectionId);
    save();
}

export async function scan() {
    return [...items.values()];
}
