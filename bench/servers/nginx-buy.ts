import { createHash } from 'node:crypto'
import { buyKeys, buyScript } from './buy-script.ts'
import { nginxModules } from './needed-packages.ts'

export interface NginxSettings {
  readonly folder: string
  readonly port: number
  readonly redisPort: number
  readonly workers: number
  readonly userHeader: string
  readonly holdTtlMs: number
}

/**
 * The configuration of an nginx that does what the other peers do. What makes it fast is on: connections stay, no log line per call, bodies stay in memory, each worker
 * has a socket of its own to listen on, the Lua is compiled once, connections to Redis come from a pool.
 */
export function nginxConfiguration(settings: NginxSettings): string {
  const { folder, port, workers } = settings
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${folder}/${name};`)
  return `
daemon off;
pid ${folder}/nginx.pid;
error_log stderr notice;
worker_processes ${workers};
worker_rlimit_nofile 16384;
load_module ${nginxModules}/ndk_http_module.so;
load_module ${nginxModules}/ngx_http_lua_module.so;
events { worker_connections 8192; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 120s;
  client_body_in_single_buffer on;
  lua_package_path "${folder}/?.lua;;";
${temporary.join('\n')}
  init_by_lua_block { buy = require("buy") }
  server {
    listen 127.0.0.1:${port} reuseport backlog=4096;
    location = /v1/call/buy { content_by_lua_block { buy() } }
  }
}
`
}

/**
 * `buy.lua`: checks the call, asks Redis, answers. It speaks to Redis by itself, over nginx's own sockets: lua-resty-redis, which builds every command anew, was measured
 * and is no faster.
 */
export function nginxBuyLua({ redisPort, userHeader, holdTtlMs }: NginxSettings): string {
  return `
local cjson = require("cjson.safe")
local tcp, pool = ngx.socket.tcp, { pool_size = 512 }
local command = ${luaText(evalPrefix())}

local function ask(user, request)
  local redis = tcp()
  redis:settimeout(5000)
  local ok, fault = redis:connect("127.0.0.1", ${redisPort}, pool)
  if not ok then return nil, fault end
  ok, fault = redis:send({ command, "$", #user, "\\r\\n", user, "\\r\\n$", #request, "\\r\\n", request, "\\r\\n" })
  if not ok then return nil, fault end
  local line
  line, fault = redis:receive("*l")
  if not line then return nil, fault end
  redis:setkeepalive(60000)
  if line:byte(1) ~= 58 then return nil, line end
  return tonumber(line:sub(2))
end

local function answer(status, body)
  ngx.status = status
  ngx.header["Content-Type"] = "application/json"
  ngx.header["Content-Length"] = #body
  ngx.print(body)
end

local function refuse(status, code)
  answer(status, '{"error":{"code":"' .. code .. '"}}')
end

return function()
  local user = ngx.var.http_${userHeader.replaceAll('-', '_')}
  if not user or user == "" then return refuse(401, "UNAUTHORIZED") end
  ngx.req.read_body()
  local params = cjson.decode(ngx.req.get_body_data() or "")
  if type(params) ~= "table" or type(params[1]) ~= "string" or type(params[2]) ~= "number" or type(params[3]) ~= "string" then
    return refuse(400, "MALFORMED")
  end
  local outcome, fault = ask(user, params[3])
  if not outcome then
    ngx.log(ngx.ERR, fault)
    return refuse(503, "UNAVAILABLE")
  end
  if outcome ~= 1 then return refuse(409, outcome == 0 and "SOLD_OUT" or "LIMIT_REACHED") end
  answer(200, cjson.encode({ result = { state = "held", hold = params[3], qty = params[2], expiresAt = ngx.now() * 1000 + ${holdTtlMs} } }))
end
`
}

/** All of the command but the user and the request, which each call has of its own. */
function evalPrefix(): string {
  const sha = createHash('sha1').update(buyScript).digest('hex')
  const words = ['EVALSHA', sha, String(buyKeys.length), ...buyKeys]
  return `*${words.length + 2}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`
}

function luaText(text: string): string {
  return `"${text.replaceAll('\r', String.raw`\r`).replaceAll('\n', String.raw`\n`)}"`
}
