// onMessage: say it to everybody who is there, by way of the management API.
import {
    ApiGatewayManagementApiClient,
    PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";

import * as table from "../table.js";

// Deployed to AWS, the address is in the event: https://DOMAIN/STAGE.
function endpointOf({ domainName, stage }) {
    return process.env.ENDPOINT ?? `https://${domainName}/${stage}`;
}

export async function handler(event) {
    const client = new ApiGatewayManagementApiClient({
        endpoint: endpointOf(event.requestContext),
    });
    const { message } = JSON.parse(event.body);
    const Data = `Echo: ${message}`;

    const send = async ({ connectionId }) => {
        try {
            await client.send(
                new PostToConnectionCommand({ ConnectionId: connectionId, Data }),
            );
        } catch (error) {
            if (error.name !== "GoneException") throw error;
            await table.remove(connectionId);
        }
    };
    await Promise.all((await table.scan()).map(send));
    return { statusCode: 200, body: "Data sent." };
}
