import type { SeededRandom } from './seeded-random.ts'

/** Whole ms, both ends included. */
export interface DelayRange {
  readonly fromMs: number
  readonly toMs: number
}

export function drawMs(random: SeededRandom, { fromMs, toMs }: DelayRange): number {
  return random.between(fromMs, toMs)
}

/** What befalls the frames of the bus, by chance, on each of their two ways: from a process to the hub and from there to another. */
export interface NetworkWeather {
  readonly delayMs: DelayRange
  readonly lossShare: number
  /** Frames of which a second copy comes `lateMs` after the first. */
  readonly doubleShare: number
  /** Frames that come `lateMs` later than they should, so that others overtake them. */
  readonly lateShare: number
  readonly lateMs: DelayRange
  /** How long the hub believes in a process that has died. */
  readonly deathNoticeMs: DelayRange
  /** How long a process that the hub has thrown out takes to come back. */
  readonly reconnectMs: DelayRange
}

export const calmNetwork: NetworkWeather = {
  delayMs: { fromMs: 0, toMs: 1 },
  lossShare: 0,
  doubleShare: 0,
  lateShare: 0,
  lateMs: { fromMs: 5, toMs: 500 },
  deathNoticeMs: { fromMs: 1, toMs: 50 },
  reconnectMs: { fromMs: 20, toMs: 200 },
}

/** What befalls the WebSockets of clients. Nothing is lost or overtaken in them while they last. */
export interface SocketWeather {
  readonly delayMs: DelayRange
  /** How long an end takes to hear of the other's end. */
  readonly noticeMs: DelayRange
  /** After so long without a sign of life a server gives a socket up; it pings by itself. */
  readonly idleTimeoutMs: number
  /** Machines that die without a word, so that nobody is told. */
  readonly silentDeathShare: number
  /** Sockets that go on when their device is online again. The others were bound to an address that it no longer has. */
  readonly resumeShare: number
}

export const calmSockets: SocketWeather = {
  delayMs: { fromMs: 1, toMs: 20 },
  noticeMs: { fromMs: 1, toMs: 50 },
  idleTimeoutMs: 10_000,
  silentDeathShare: 0,
  resumeShare: 1,
}

/** What befalls requests to a shared service. */
export interface ServiceWeather {
  /** Each way. */
  readonly delayMs: DelayRange
  /** Requests that take `slowMs` longer to arrive. */
  readonly slowShare: number
  readonly slowMs: DelayRange
  /** Requests that never arrive. */
  readonly failShare: number
  /** Requests that are carried out, and whose answer never comes. */
  readonly answerLostShare: number
  /** A caller without an answer gives up after so long. What it asked for may still be carried out. */
  readonly timeoutMs: number
}

export const calmService: ServiceWeather = {
  delayMs: { fromMs: 0, toMs: 1 },
  slowShare: 0,
  slowMs: { fromMs: 10, toMs: 500 },
  failShare: 0,
  answerLostShare: 0,
  timeoutMs: 1_000,
}

export interface QueueWeather extends ServiceWeather {
  /** Orders that are handed to two workers at once. */
  readonly doubleShare: number
  /** Workers' answers that get lost, so that the order is handed out again. */
  readonly ackLostShare: number
  /** How long the queue believes in a worker that has died. */
  readonly deathNoticeMs: DelayRange
}

export const calmQueue: QueueWeather = { ...calmService, doubleShare: 0, ackLostShare: 0, deathNoticeMs: { fromMs: 1, toMs: 50 } }

export interface ProviderWeather extends ServiceWeather {
  /** How long a decision takes. */
  readonly decideMs: DelayRange
  /** Decisions that take `laterMs`, most of them longer than a worker waits. */
  readonly laterShare: number
  readonly laterMs: DelayRange
  /** Requests that are carried out and answered with `unknown`. */
  readonly unknownShare: number
  /** Requests that arrive a second time, `laterMs` after the first. */
  readonly doubleShare: number
}

export const calmProvider: ProviderWeather = {
  ...calmService,
  timeoutMs: 30_000,
  decideMs: { fromMs: 10, toMs: 300 },
  laterShare: 0,
  laterMs: { fromMs: 1_000, toMs: 15_000 },
  unknownShare: 0,
  doubleShare: 0,
}
