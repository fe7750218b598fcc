import { createRequire } from 'node:module'
import type { HttpRequest, HttpResponse, TemplatedApp, us_listen_socket, us_socket_context_t, WebSocket } from 'uws-new'

export type { HttpRequest, HttpResponse, TemplatedApp, us_listen_socket, us_socket_context_t, WebSocket }

/** The part of uWebSockets.js that both binaries have. */
export interface Uws {
  readonly App: () => TemplatedApp
  /** Speaks TLS. Makes an app that cannot listen if the files are not what they should be. */
  readonly SSLApp: (options: { readonly cert_file_name: string; readonly key_file_name: string }) => TemplatedApp
  readonly us_listen_socket_close: (socket: us_listen_socket) => void
  readonly us_socket_local_port: (socket: us_listen_socket) => number
  readonly DISABLED: number
}

export interface LoadedUws {
  readonly uws: Uws
  /** Which binary runs, for the log. */
  readonly binary: string
}

/** No binary of uWebSockets.js runs on this machine. */
export class NoUws extends Error {
  readonly code = 'NO_UWEBSOCKETS'
}

/**
 * Loads the newest build of uWebSockets.js that this machine can run: 20.57 needs glibc 2.38, 20.30 runs from 2.27 on with Node up to 20. The older
 * package would replace a binary that does not load by a JavaScript server, silently; its binary is therefore loaded by name. Throws {@link NoUws}.
 */
export function loadUws(): LoadedUws {
  const require = createRequire(import.meta.url)
  const { platform, arch, versions } = process
  const tries = [
    { binary: 'uWebSockets.js 20.57', path: 'uws-new' },
    { binary: 'uWebSockets.js 20.30', path: `uws-old/binaries/uws_${platform}_${arch}_${versions.modules}.node` },
  ]
  const reasons: string[] = []
  for (const { binary, path } of tries) {
    try {
      return { uws: require(path) as Uws, binary }
    } catch (error) {
      reasons.push(`${binary}: ${String(error).split('\n').at(-1) ?? ''}`)
    }
  }
  throw new NoUws(
    `no build of uWebSockets.js runs here (${platform} ${arch}, Node ${versions.node}): use Node 20, or glibc 2.38 or later. ${reasons.join('; ')}`,
  )
}

/** uWebSockets.js: without it a second server on the same port silently takes half of its connections (SO_REUSEPORT). */
const exclusivePort = 1
const sharedPort = 0

export interface WebAddress {
  readonly host: string
  readonly port: number
  /** Other processes of this machine and user may listen on it too. */
  readonly isShared: boolean
}

/**
 * Listens on one address. The binaries take host, port, options and callback, although their type declarations know no form with all four.
 * `socket` is false if the port is in use or not permitted.
 */
export function listenOn(app: TemplatedApp, { host, port, isShared }: WebAddress, done: (socket: us_listen_socket | false) => void): void {
  Reflect.apply(app['listen'], app, [host, port, isShared ? sharedPort : exclusivePort, done])
}
