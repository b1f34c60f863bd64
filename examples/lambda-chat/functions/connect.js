// $connect: note down who is there.
import * as table from "../table.js";

export async function handler(event) {
    const { connectionId } = event.requestContext;
    await table.put({ connectionId });
    return { statusCode: 200, body: "Connected." };
}
