// A minimal server for Lambda functions: POST /2015-03-31/functions/NAME/invocations runs
// `handler` of functions/NAME.js with the body as its event, and answers with what it
// returned, as Lambda's Invoke does.
//
//     node invoke.js [PORT]
import { existsSync } from "node:fs";
import { createServer } from "node:http";

const path = /^\/2015-03-31\/functions\/(\w+)\/invocations$/;

async function read(request) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    return JSON.parse(Buffer.concat(pieces).toString());
}

async function invoke(name, request) {
    const file = new URL(`functions/${name}.js`, import.meta.url);
    if (!existsSync(file)) return [404, { Message: `Function not found: ${name}` }];
    try {
        const { handler } = await import(file);
        return [200, (await handler(await read(request))) ?? null];
    } catch (error) {
        console.error(error);
        const told = { errorType: error.name, errorMessage: error.message };
        return [200, told, { "X-Amz-Function-Error": "Unhandled" }];
    }
}

const server = createServer(async (request, response) => {
    const [, name] = path.exec(request.url) ?? [];
    const [status, result, headers] = name
        ? await invoke(name, request)
        : [404, { Message: "No such path" }];
    response.writeHead(status, { "Content-Type": "application/json", ...headers });
    response.end(JSON.stringify(result));
});
server.keepAliveTimeout = 60000;
server.listen(Number(process.argv[2] ?? 9001), "127.0.0.1", () =>
    console.log(`functions at http://127.0.0.1:${server.address().port}/`),
);
