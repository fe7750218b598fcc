import { type Code, codeTable, refusal } from '../protocol/codes.ts'
import { type Entry, entryOffset, readEntry } from '../protocol/entry.ts'
import { plainRefusal } from '../protocol/envelope.ts'
import { answerHeadBytes, answerOffset, beginAnswers, readCommandsHead } from '../protocol/frame.ts'
import { packInner } from '../protocol/inner-codec.ts'
import { MsgpackWriter, type Plain } from '../protocol/msgpack-writer.ts'
import type { Bus, SendResult } from './bus.ts'

/** A command as a shard hears it, with names as text. */
export interface Heard extends Omit<Entry, 'sku' | 'user'> {
  readonly sku: string
  readonly user: string
  readonly replyTo: string
}

/** What the shard says to it. `inner` is packed by the inner codec; `silence` is no answer at all. */
export type ScriptedAnswer =
  | { readonly kind: 'result'; readonly result: Plain; readonly claim?: number; readonly claimKind?: number }
  | { readonly kind: 'inner'; readonly result: unknown }
  | { readonly kind: 'refuse'; readonly code: Code; readonly retryAfterMs?: number }
  | { readonly kind: 'silence' }

/**
 * The other end of the bus, for tests of those who call shards: hears the commands that come to a subject, and answers each as the test's script
 * says, in the frames of a real shard.
 */
export class ScriptedShard {
  readonly heard: Heard[] = []
  /** How many commands came in each frame. */
  readonly frames: number[] = []
  /** The last frame as it came. */
  lastFrame = new Uint8Array(0)
  private readonly bus: Bus

  constructor(bus: Bus, subject: string, script: (command: Heard) => ScriptedAnswer) {
    this.bus = bus
    bus.serve(subject, (frame) => {
      const commands = commandsOf(frame)
      this.heard.push(...commands)
      this.frames.push(commands.length)
      this.lastFrame = new Uint8Array(frame)
      for (const command of commands) this.answer(command, script(command))
    })
  }

  get last(): Heard {
    const last = this.heard.at(-1)
    if (last === undefined) throw new Error('the shard has heard nothing yet')
    return last
  }

  /** Answers a command, also one that was answered before. */
  answer(command: Heard, answer: ScriptedAnswer): SendResult | undefined {
    return answer.kind === 'silence' ? undefined : this.bus.send(command.replyTo, frameOf(command, answer))
  }
}

const text = new TextDecoder()

function commandsOf(frame: Uint8Array): Heard[] {
  const head = readCommandsHead(frame)
  if (head === undefined) throw new Error('not a frame of commands')
  const bytes = frame.slice()
  const view = new DataView(bytes.buffer)
  const commands: Heard[] = []
  let at = head.entriesAt
  for (let left = head.count; left > 0; left--) {
    const entry = readEntry(bytes, view, at)
    commands.push({ ...entry, sku: text.decode(entry.sku), user: text.decode(entry.user), replyTo: head.replyTo })
    at += view.getUint16(at + entryOffset.length, true)
  }
  return commands
}

function frameOf(command: Heard, answer: Exclude<ScriptedAnswer, { readonly kind: 'silence' }>): Uint8Array {
  const writer = new MsgpackWriter()
  beginAnswers(writer)
  writer.view.setUint16(2, 1, true)
  const at = writer.reserve(answerHeadBytes)
  writer.length = at + answerHeadBytes
  writer.array(4).byte(1).number(command.msgid)
  if (answer.kind === 'refuse') writer.value(plainRefusal(refusal(answer.code, undefined, answer.retryAfterMs))).nil()
  else if (answer.kind === 'inner') writer.nil().raw(packInner(answer.result))
  else writer.nil().value(answer.result)
  const { view, bytes } = writer
  view.setUint32(at + answerOffset.slot, command.slot, true)
  view.setUint32(at + answerOffset.turn, command.turn, true)
  view.setUint32(at + answerOffset.claim, answer.kind === 'result' ? (answer.claim ?? 0) : 0, true)
  bytes[at + answerOffset.claimKind] = answer.kind === 'result' ? (answer.claimKind ?? 0) : 0
  bytes[at + answerOffset.code] = answer.kind === 'refuse' ? codeTable[answer.code].number : 0
  view.setUint32(at + answerOffset.bytes, writer.length - at - answerHeadBytes, true)
  return writer.finish()
}
