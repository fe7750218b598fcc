import { Malformed } from '../msgpack-reader.ts'
import type { Plain } from '../msgpack-writer.ts'
import type { ClientWorld } from './client-world.ts'
import { PlainReader } from './plain-reader.ts'
import { SluiceError } from './sluice-error.ts'

/** Guesses that are hashed at once: a browser hashes in another thread, and waiting for each would take most of the time. */
const guessesAtOnce = 256
/** More than any server asks for; whoever does is not worth the battery. */
const guessesMax = 4_000_000
/** A challenge may expire, or the SKU grow hotter, while the work is done. */
const worksMax = 3

export interface ChallengedCall<T> {
  readonly world: ClientWorld
  /** For all of it: tries, challenges and work. */
  readonly deadlineMs: number
  /** The call, with a proof if one was asked for. */
  readonly attempt: (proof: Plain | undefined, leftMs: number) => Promise<T>
  /** The challenge for this call; null if none is asked for any more. */
  readonly challenge: (leftMs: number) => Promise<Plain>
}

/** Makes a call that a hot SKU may answer with `CHALLENGE_REQUIRED`: then the work is done and shown, without asking anybody. (SPEC POW-n) */
export async function challengedCall<T>({ world, deadlineMs, attempt, challenge }: ChallengedCall<T>): Promise<T> {
  const until = world.now() + deadlineMs
  const left = (): number => Math.max(1, until - world.now())
  let proof: Plain | undefined
  for (let works = 0; ; works++) {
    try {
      return await attempt(proof, left())
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== 'CHALLENGE_REQUIRED' || works === worksMax) throw error
      const asked = await challenge(left())
      proof = asked === null ? undefined : await work(world, asked, until, error)
    }
  }
}

/** Every way in which it fails is the call's own end. */
async function work(world: ClientWorld, challenge: Plain, until: number, asked: SluiceError): Promise<Plain> {
  try {
    const proof = await solve(world, challenge, until)
    if (proof !== undefined) return proof
  } catch (error) {
    const code = error instanceof Malformed ? error.code : asked.code
    const message = `The work that the server asked for could not be done: ${error instanceof Error ? error.message : String(error)}`
    throw new SluiceError({ code, message }, asked.method, asked.requestId)
  }
  throw asked
}

/** Tries numbers until one gives the wanted hash, as ALTCHA's deterministic mode has it; undefined if the time is over before. */
export async function solve(world: ClientWorld, challenge: Plain, until: number): Promise<Plain | undefined> {
  const parameters = new PlainReader(challenge, 'challenge').one('parameters', (value) => new PlainReader(value, 'parameters'))
  if (parameters.text('algorithm') !== 'SHA-256' || parameters.number('cost') !== 1)
    throw new Malformed('this client cannot do the work that the server asks for')
  const prefix = bytesOf(parameters.text('keyPrefix'))
  const head = [...bytesOf(parameters.text('salt')), ...bytesOf(parameters.text('nonce'))]
  for (let counter = 0; counter < guessesMax && world.now() < until; counter += guessesAtOnce) {
    const keys = await Promise.all(Array.from({ length: guessesAtOnce }, (_, i) => world.sha256(guess(head, counter + i))))
    const found = keys.findIndex((key) => prefix.every((byte, i) => key[i] === byte))
    if (found >= 0) return { challenge, solution: { counter: counter + found, derivedKey: hexOf(keys[found] ?? prefix) } }
  }
  return undefined
}

function guess(head: readonly number[], counter: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(head.length + 4)
  bytes.set(head)
  new DataView(bytes.buffer).setUint32(head.length, counter)
  return bytes
}

function bytesOf(hex: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2}){1,64}$/.test(hex)) throw new Malformed('a part of the challenge is not in hexadecimal')
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16))
}

function hexOf(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}
