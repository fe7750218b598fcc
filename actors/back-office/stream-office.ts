import type { Queue } from '../../cluster/queue.ts'
import type { EndedOrder } from '../inventory/ended-order.ts'
import type { BackOffice } from './back-office.ts'

/** A back office that takes ends out of a stream by itself: it has them when the stream has. A full stream takes no more, and they stay owed. */
export class StreamOffice implements BackOffice {
  private readonly stream: Pick<Queue<EndedOrder>, 'put'>

  constructor(stream: Pick<Queue<EndedOrder>, 'put'>) {
    this.stream = stream
  }

  async take(ended: EndedOrder): Promise<'taken'> {
    await this.stream.put(ended.end, ended)
    return 'taken'
  }
}
