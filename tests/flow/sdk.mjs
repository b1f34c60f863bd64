// What the SDK for JavaScript makes of the management API.
//
//     node sdk.mjs FOLDER ENDPOINT KEY SECRET STEPS
//
// FOLDER has the package in its node_modules. STEPS are JSON: an array of [operation,
// ConnectionId, size of the data]. Prints what became of each, as a JSON array.
import { createRequire } from "node:module";

const [folder, endpoint, accessKeyId, secretAccessKey, steps] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const sdk = require("@aws-sdk/client-apigatewaymanagementapi");

const client = new sdk.ApiGatewayManagementApiClient({
    endpoint,
    region: "eu-west-1",
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
});

async function run([operation, ConnectionId, size]) {
    const input = { ConnectionId };
    if (size !== undefined)
        input.Data = Buffer.alloc(size, "x");
    try {
        const { $metadata, ...output } = await client.send(new sdk[operation](input));
        return { status: $metadata.httpStatusCode, requestId: $metadata.requestId, output };
    } catch (error) {
        return {
            status: error.$metadata?.httpStatusCode,
            name: error.name,
            message: error.message,
            known: error instanceof sdk.ApiGatewayManagementApiServiceException,
        };
    }
}

const results = [];
for (const step of JSON.parse(steps))
    results.push(await run(step));
console.log(JSON.stringify(results));
