// $disconnect: forget who has left.
import * as table from "../table.js";

export async function handler(event) {
    await table.remove(event.requestContext.connectionId);
    return { statusCode: 200, body: "Disconnected." };
}
