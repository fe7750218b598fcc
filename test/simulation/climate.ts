import type { Hubs } from './hubs.ts'
import type { SeededRandom } from './seeded-random.ts'
import { calmNetwork, calmProvider, calmQueue, calmSockets } from './weather.ts'

/** What goes wrong by chance all the time, besides the storms of the fault plan; `trouble` from 0 to 1. */
export function setClimate({ network, sockets, store, queue, provider }: Hubs, random: SeededRandom, trouble: number): void {
  if (trouble === 0) return
  const share = (most: number): number => (random.is(0.5) ? random.next() * most * trouble : 0)
  network.weather = {
    ...calmNetwork,
    delayMs: { fromMs: 0, toMs: random.pick([1, 10, 50]) },
    lossShare: share(0.03),
    doubleShare: share(0.05),
    lateShare: share(0.05),
    lateMs: { fromMs: 5, toMs: random.pick([50, 500, 3_000]) },
  }
  sockets.weather = {
    ...calmSockets,
    delayMs: { fromMs: 1, toMs: random.pick([20, 200]) },
    silentDeathShare: share(0.5),
    resumeShare: random.next(),
  }
  queue.weather = {
    ...calmQueue,
    delayMs: { fromMs: 0, toMs: random.pick([2, 30]) },
    slowShare: share(0.1),
    failShare: share(0.1),
    answerLostShare: share(0.1),
    doubleShare: share(0.2),
    ackLostShare: share(0.2),
  }
  provider.weather = {
    ...calmProvider,
    timeoutMs: 4_000,
    laterShare: share(0.3),
    slowShare: share(0.2),
    slowMs: { fromMs: 10, toMs: 6_000 },
    unknownShare: share(0.2),
    doubleShare: share(0.2),
    failShare: share(0.1),
    answerLostShare: share(0.1),
  }
  store.weather.latencyMs = [0, random.pick([2, 10, 60])]
  store.weather.failShare = share(0.03)
  store.weather.loseAnswerShare = share(0.03)
  store.weather.staleReadShare = share(0.3)
}
