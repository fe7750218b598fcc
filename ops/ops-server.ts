import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Log } from '../cluster/world.ts'
import type { Metrics } from './metrics.ts'
import { type OpsAnswer, type OpsRequest, type OpsRoute, type OpsSection, readOpsBody } from './ops-routes.ts'
import type { Readiness } from './readiness.ts'
import { listenFault } from './start-fault.ts'

export interface OpsServerParts {
  readonly host: string
  readonly port: number
  readonly metrics: Metrics
  readonly readiness: Readiness
  readonly log: Log
}

export interface OpsServer {
  /** The port listened on, also when 0 was asked for. */
  readonly port: number
  /** Serves one path more. */
  add(path: string, route: OpsRoute): void
  /** Serves a path and all below it. */
  addSection(path: string, section: OpsSection): void
  close(): Promise<void>
}

const connectionsMax = 256
const requestTimeoutMs = 10_000

/**
 * Serves `/metrics`, `/healthz` (200 while the process lives) and `/readyz` (200, or 503 and the reason), and what roles add. Meant for the machine's own network:
 * by itself it asks for no key. Throws a `StartFault` when it cannot listen.
 */
export async function startOpsServer(parts: OpsServerParts): Promise<OpsServer> {
  const routes = new Map<string, OpsRoute>()
  const sections = new Map<string, OpsSection>()
  const server = createServer({ requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs }, (request, response) => {
    answer(parts, { routes, sections }, request, response).catch((error: unknown) => {
      parts.log.error({ error, url: request.url }, 'the ops server failed to answer')
      say(response, 500, 'failed; the log says why\n')
    })
  })
  server.maxConnections = connectionsMax
  const port = await listen(server, parts)
  return {
    port,
    add: (path, route) => void routes.set(path, route),
    addSection: (path, section) => void sections.set(path, section),
    close: () => closed(server),
  }
}

interface Added {
  readonly routes: ReadonlyMap<string, OpsRoute>
  readonly sections: ReadonlyMap<string, OpsSection>
}

async function answer(
  parts: OpsServerParts,
  { routes, sections }: Added,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
  const route = routes.get(path)
  if (route !== undefined) return answerRoute(route, request, response)
  const section = sections.get(path.split('/', 2).join('/'))
  if (section !== undefined)
    return request.method === 'POST' ? answerWithBody(section, request, response) : answerBodyless(section, request, response)
  // Bodies are of no use here and must not wait in memory.
  request.resume()
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    return say(response, 405, 'only GET and HEAD\n')
  }
  switch (path) {
    case '/healthz':
      return say(response, 200, 'ok\n')
    case '/readyz': {
      const { whyNot } = parts.readiness
      return whyNot === undefined ? say(response, 200, 'ready\n') : say(response, 503, `not ready: ${whyNot}\n`)
    }
    case '/metrics':
      return say(response, 200, await parts.metrics.scrape(), parts.metrics.contentType)
    default: {
      const [first] = sections.keys()
      return say(response, 404, `here are /metrics, /healthz and /readyz${first === undefined ? '' : `, and ${first}`}\n`)
    }
  }
}

async function answerRoute(route: OpsRoute, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== route.method) {
    request.resume()
    response.setHeader('allow', route.method)
    return say(response, 405, `only ${route.method}\n`)
  }
  await answerWithBody(route.answer, request, response)
}

async function answerWithBody(answerTo: OpsSection, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readOpsBody(request)
  if (body === undefined) {
    // What is left of it is not read.
    response.setHeader('connection', 'close')
    return say(response, 413, 'too large\n')
  }
  tell(response, await answerTo(requestOf(request, body)))
}

async function answerBodyless(section: OpsSection, request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume()
  tell(response, await section(requestOf(request, noBody)))
}

function requestOf({ method = '', url = '/', headers, socket }: IncomingMessage, body: Buffer): OpsRequest {
  return { method, path: url, headers, body, address: socket.remoteAddress ?? '' }
}

const noBody = Buffer.alloc(0)

function say(response: ServerResponse, status: number, text: string, type?: string): void {
  tell(response, { status, text, ...(type === undefined ? {} : { type }) })
}

function tell(response: ServerResponse, { status, text, type = 'text/plain; charset=utf-8', headers = {} }: OpsAnswer): void {
  if (response.headersSent) return
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', ...headers })
  response.end(text)
}

function listen(server: Server, { host, port, log }: OpsServerParts): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenFault(error, 'the ops server', host, port, '--ops-port')))
    server.listen(port, host, () => {
      server.removeAllListeners('error')
      server.on('error', (error) => log.error({ error }, 'the ops server has a fault'))
      resolve(portOf(server.address(), port))
    })
  })
}

function portOf(address: string | AddressInfo | null, asked: number): number {
  return typeof address === 'object' && address !== null ? address.port : asked
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)))
    // A scraper keeps its connection; nothing that it asks from now on matters.
    server.closeAllConnections()
  })
}
