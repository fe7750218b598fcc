import { recordOffset } from '../../actors/record.ts'
import type { Position, ShardName, Store } from '../../cluster/store.ts'
import { delay, type Timers } from '../../cluster/world.ts'
import { Pace, type PaceSettings } from './pace.ts'

/** A store that takes no more than so many events a second, all shards together: what every other store does, with a pause before each record. */
export function slowedStore(store: Store, settings: PaceSettings, timers: Timers): Store {
  const pace = new Pace(settings)
  const append = async (shard: ShardName, position: Position, record: Uint8Array): Promise<'stored' | 'fenced'> => {
    const events = new DataView(record.buffer, record.byteOffset, record.length).getUint32(recordOffset.events, true)
    const pauseMs = pace.take(events)
    if (pauseMs > 0) await delay(timers, pauseMs)
    return store.append(shard, position, record)
  }
  return new Proxy(store, {
    get: (target, name): unknown => {
      const value: unknown = Reflect.get(target, name)
      return name === 'append' ? append : typeof value === 'function' ? value.bind(target) : value
    },
  })
}
