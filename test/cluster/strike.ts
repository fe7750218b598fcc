import { setTimeout as delay } from 'node:timers/promises'
import type { Fault } from './fault-plan.ts'
import type { FaultyCluster } from './faulty-cluster.ts'

/** Does a fault to a cluster and undoes it; resolves when everything is there again. */
export async function strike(cluster: FaultyCluster, fault: Fault): Promise<void> {
  switch (fault.kind) {
    case 'kill': {
      const node = cluster.node(fault.role, fault.index)
      await node.member.kill()
      await pass(fault.downMs)
      return node.start()
    }
    case 'sleep': {
      const { run } = cluster.node(fault.role, fault.index).member
      run.signal('SIGSTOP')
      await pass(fault.ms)
      return run.signal('SIGCONT')
    }
    case 'restart':
      return cluster.restart(fault.server, () => pass(fault.downMs))
    case 'lose-streams':
      return cluster.loseStreams(() => pass(fault.downMs))
    case 'link': {
      const line = cluster.node(fault.role, fault.index).lines[fault.server]
      line.state = fault.state
      await pass(fault.ms)
      line.state = 'open'
      return undefined
    }
    case 'cut':
      return cluster.node(fault.role, fault.index).lines[fault.server].cut()
  }
}

/** How long a fault lasts: nothing is waited for. */
export function pass(ms: number): Promise<void> {
  return delay(ms)
}
