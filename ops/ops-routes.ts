import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

/** A path of the ops port that a role serves, beside those that every process has. */
export interface OpsRoute {
  readonly method: 'GET' | 'POST'
  /** Resolves with what to answer. */
  readonly answer: (request: OpsRequest) => Promise<OpsAnswer>
}

/** All paths of the ops port at one and below, with any method; what comes with anything but a POST has no body. */
export type OpsSection = (request: OpsRequest) => Promise<OpsAnswer>

export interface OpsRequest {
  readonly method: string
  /** With what stands behind a question mark. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** Where it comes from: the last proxy, if there is one. */
  readonly address: string
}

export interface OpsAnswer {
  readonly status: number
  readonly text: string | Uint8Array
  /** Plain text if absent. */
  readonly type?: string
  /** Beside the type; nothing is kept by caches unless they say so. */
  readonly headers?: Readonly<Record<string, string>>
}

export const opsBodyBytesMax = 64 * 1024

/** The whole body, or undefined if it is larger than {@link opsBodyBytesMax}. Rejects when the client goes away before its end. */
export async function readOpsBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  // The request stays whole, to be answered.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) continue
    bytes += chunk.length
    if (bytes > opsBodyBytesMax) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, bytes)
}
