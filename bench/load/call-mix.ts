import { writeRequest } from '../../protocol/envelope.ts'
import { MsgpackWriter, type Plain } from '../../protocol/msgpack-writer.ts'
import { MsgpackAnswers } from './msgpack-answers.ts'
import { numberMark, type RequestTemplate, type Rounds, skuNumberMark, userNumberMark } from './request-ring.ts'
import { authentication, fixedMsgid, msgidOffset } from './rpc-wire.ts'
import { requestMark, userMark, type Wire } from './wire.ts'

/** Whose calls for what, where not every call is another user's for the same SKU. */
export interface CallMix {
  /** How many SKUs there are. */
  readonly skus: number
  /** How unevenly they are wanted: the n-th most wanted 1 / n^zipf as much as the first. 0 is evenly. */
  readonly zipf: number
  /**
   * People of each connection, who take turns. Each buys, and gives the unit back at once, so that people who are always the same do what is full work: a
   * claim begins, a claim ends. Left out, every call is another user's `buy`.
   */
  readonly usersEach?: number
  /** Lengths of the ids; those that are usual here if left out. */
  readonly idBytes?: IdBytes
}

export interface IdBytes {
  /** From {@link idBytesLeast} on. */
  readonly user: number
  readonly sku: number
  /** 0 for none. */
  readonly request: number
}

/** Ids that differ have to be so long. */
export const idBytesLeast: IdBytes = { user: userMark('0000', 0).length, sku: 1, request: requestMark.length }

/** Long enough that hundreds of connections together ask for the least wanted of thousands, and short enough to be made in a moment. */
const roundsPerConnection = 16_384

/** The SKUs of a mix by their numbers, the most wanted first. */
export function skuNames(mix: CallMix): readonly string[] {
  if (mix.skus === 1) return [skuText(mix)]
  return Array.from({ length: mix.skus }, (_, number) =>
    skuText(mix).replace(skuNumberMark, number.toString(16).padStart(skuNumberMark.length, '0')),
  )
}

/** The calls of a mix by msgpack-RPC as a service. */
export function mixWire(mix: CallMix, run: string, key: string): Wire {
  return {
    greeting: authentication(key),
    template: (connection) => mixTemplate(mix, run, connection),
    answers: () => new MsgpackAnswers(),
  }
}

/** What one of the connections sends. */
export function mixTemplate(mix: CallMix, run: string, connection: number): RequestTemplate {
  const { usersEach } = mix
  const { user: userBytes, request: requestBytes } = mix.idBytes ?? idBytesLeast
  const user = userMark(run, connection, usersEach === undefined ? numberMark : userNumberMark)
  const longUser = `${user.slice(0, -numberMark.length)}${'u'.repeat(userBytes - user.length)}${user.slice(-numberMark.length)}`
  const sku = skuText(mix)
  const request = requestBytes === 0 ? [] : [1, `${'r'.repeat(requestBytes - requestMark.length)}${requestMark}`]
  const buy = requestOf('buy', [longUser, sku, ...request])
  // Without a request id: a `leave` needs none to be repeated, and the shard would have to remember it.
  const next = usersEach === undefined ? {} : { next: requestOf('leave', [longUser, sku]) }
  return { ...buy, ...next, rounds: roundsOf(mix, connection) }
}

function requestOf(method: string, params: readonly Plain[]): Pick<RequestTemplate, 'bytes' | 'msgidAt'> {
  const writer = new MsgpackWriter()
  writeRequest(writer, fixedMsgid, method, params)
  return { bytes: writer.finish(), msgidAt: msgidOffset }
}

function roundsOf({ skus, zipf, usersEach = Number.POSITIVE_INFINITY }: CallMix, connection: number): Rounds {
  return {
    users: usersEach,
    skus: zipfNumbers(skus, zipf, skus === 1 ? 1 : roundsPerConnection, connection),
  }
}

function skuText({ skus, idBytes = usualIdBytes }: CallMix): string {
  const number = skus === 1 ? '' : `-${skuNumberMark}`
  return `${'bench'.padEnd(idBytes.sku - number.length, 'h').slice(0, Math.max(1, idBytes.sku - number.length))}${number}`
}

const usualIdBytes: IdBytes = { ...idBytesLeast, sku: 'bench-0000'.length }

/** Numbers from 0 on, each as often as its place has it; the same for the same seed. */
export function zipfNumbers(count: number, exponent: number, length: number, seed: number): Uint16Array {
  const upTo = new Float64Array(count)
  let sum = 0
  for (let i = 0; i < count; i++) {
    sum += 1 / (i + 1) ** exponent
    upTo[i] = sum
  }
  let state = seed
  return Uint16Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const lot = (state / 2 ** 32) * sum
    let [low, high] = [0, count - 1]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((upTo[middle] as number) <= lot) low = middle + 1
      else high = middle
    }
    return low
  })
}
