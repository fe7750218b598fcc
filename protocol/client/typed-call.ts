import { Malformed } from '../msgpack-reader.ts'
import type { Plain } from '../msgpack-writer.ts'
import type { Caller, CallRequest } from './calls.ts'
import type { ClientWorld } from './client-world.ts'
import { SluiceError } from './sluice-error.ts'

export interface CallOptions {
  /** ms until the call is given up; the client's own setting if absent. */
  readonly deadlineMs?: number
}

/** A call that creates something carries a request id; by giving the same again it learns what became of the first. */
export interface CreateOptions extends CallOptions {
  readonly requestId?: string
}

/** The parts of a request that come from its caller's options. */
export function requestOptions(options: CreateOptions | undefined): Pick<CallRequest, 'deadlineMs' | 'requestId'> {
  return {
    ...(options?.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs }),
    ...(options?.requestId === undefined ? {} : { requestId: options.requestId }),
  }
}

/** A result that is not what it should be rejects like a refusal: for the user of a method there is one kind of error. */
export async function typedCall<T>(caller: Caller, decode: (value: Plain) => T, request: CallRequest): Promise<T> {
  const result = await caller.start(request)
  try {
    return decode(result)
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    const message = `The server's answer is not what the protocol says: ${error.message}`
    throw new SluiceError({ code: error.code, message }, request.method, request.requestId)
  }
}

/** 128 random bits in hexadecimal. */
export function newRequestId(world: ClientWorld): string {
  let text = ''
  for (const byte of world.randomBytes(16)) text += byte.toString(16).padStart(2, '0')
  return text
}
