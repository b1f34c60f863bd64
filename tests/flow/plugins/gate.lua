-- $authorize, which does what the query says; gate.c is the same in C.
local jf = require "jackfield"

local routes = {}

local function policy(ev)
    return {
        principalId = "p",
        context = { n = 1, yes = true },
        usageIdentifierKey = ev.query.key,
        policyDocument = {
            Version = "2012-10-17",
            Statement = {
                {
                    Action = "execute-api:Invoke",
                    Effect = ev.query.policy,
                    Resource = ev.query.resource or ev.event().methodArn,
                },
            },
        },
    }
end

-- Whoever has shown one is who that says.
local function certificate(ev)
    local cert = ev.context.identity.clientCert
    return cert and {
        principalId = cert.subjectDN,
        context = { fingerprint = cert.sha256Fingerprint },
    } or false
end

local verdicts = {
    deny = function() return false end,
    ["401"] = function()
        return { statusCode = 401, body = '{"message":"who are you?"}' }
    end,
    unauthorized = function() error "Unauthorized" end,
    crash = function() error "a bug" end,
}

routes["$authorize"] = function(ev)
    local query = ev.query
    if query.protocol then
        ev:subprotocol(query.protocol)
    end
    if query.later then
        jf.sleep(tonumber(query.later))
    end
    if query.cert then
        return certificate(ev)
    end
    if query.policy then
        return policy(ev)
    end
    if query.verdict then
        return verdicts[query.verdict]()
    end
    local context = { team = query.team }
    if query.admin then
        context.admin = true
    end
    return { principalId = query.as, context = context, usageIdentifierKey = query.key }
end

function routes.who(ev)
    local answer = ev.authorizer or {}
    answer.ip = ev.context.identity.sourceIp == "127.0.0.1"
    answer.host = #ev.context.domainName > 0
    answer.recent = ev.context.connectedAt > 1500000000000
    return jf.json.encode(answer)
end

return { routes = routes }
