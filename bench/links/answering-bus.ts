import type { Bus, FrameHandler } from '../../cluster/bus.ts'
import type { Timers } from '../../cluster/world.ts'
import { kindOfSubject } from '../../protocol/subject.ts'
import { AnsweringShard } from './answering-shard.ts'

/** A bus on which frames of buys go no further: they are answered in this process, as soon as what else has come in is handled. Everything else is sent. */
export function answeringBus(bus: Bus, timers: Timers): Bus {
  const shard = new AnsweringShard()
  const askers = new Map<string, FrameHandler>()
  const answer = (replyTo: string, answers: Uint8Array): void => {
    const kept = answers.slice()
    timers.soon(() => askers.get(replyTo)?.(kept))
  }
  return {
    send: (subject, frame) => (kindOfSubject(subject) === 'commands' && shard.answer(frame, answer) ? 'sent' : bus.send(subject, frame)),
    serve: (subject, handler) => {
      if (kindOfSubject(subject) === 'answers') askers.set(subject, handler)
      return bus.serve(subject, handler)
    },
    onUndelivered: (listener) => bus.onUndelivered(listener),
    close: () => bus.close(),
  }
}
