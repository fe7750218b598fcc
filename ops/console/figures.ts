import type { MetricLabels, MetricSink } from '../../cluster/metrics.ts'
import type { Figures } from './board.ts'

/** Takes a few of the metrics that a process tells Prometheus, so that the console and the dashboards cannot disagree. */
export class FigureSink implements MetricSink {
  private readonly calls: Figures['calls'][number][] = []
  private readonly layers = new Map<string, { passed: number; readonly refused: Record<string, number> }>()
  private readonly connections: Record<string, number> = {}
  private readonly openOrders: Record<string, number> = {}
  private readonly single = new Map<string, number>()

  counter(name: string, _help: string, value: number, labels: MetricLabels = {}): void {
    const { method = '', code = '', layer = '' } = labels
    switch (name) {
      case 'sluice_calls_total':
        this.calls.push({ method, code, count: value })
        break
      case 'sluice_passed_total':
        this.layer(layer).passed += value
        break
      case 'sluice_refused_total': {
        const { refused } = this.layer(layer)
        refused[code] = (refused[code] ?? 0) + value
        break
      }
      case 'sluice_loop_active_seconds_total':
      case 'sluice_loop_idle_seconds_total':
        this.single.set(name, value)
    }
  }

  gauge(name: string, _help: string, value: number, labels: MetricLabels = {}): void {
    const { transport = '', state = '' } = labels
    switch (name) {
      case 'sluice_connections_open':
        this.connections[transport] = (this.connections[transport] ?? 0) + value
        break
      case 'sluice_orders_open':
        this.openOrders[state] = (this.openOrders[state] ?? 0) + value
        break
      case 'sluice_users_connected':
      case 'sluice_pending_calls':
      case 'sluice_orders_oldest_open_seconds':
        this.single.set(name, Math.max(value, this.single.get(name) ?? 0))
    }
  }

  /** None of these are shown. */
  histogram(): void {}
  summary(): void {}

  figures(): Figures {
    const one = (name: string): number => this.single.get(name) ?? 0
    return {
      calls: this.calls,
      funnel: [...this.layers].map(([layer, counts]) => ({ layer, ...counts })),
      connections: this.connections,
      usersConnected: one('sluice_users_connected'),
      pendingCalls: one('sluice_pending_calls'),
      loop: { activeSeconds: one('sluice_loop_active_seconds_total'), idleSeconds: one('sluice_loop_idle_seconds_total') },
      openOrders: this.openOrders,
      oldestOpenOrderSeconds: one('sluice_orders_oldest_open_seconds'),
    }
  }

  private layer(name: string): { passed: number; readonly refused: Record<string, number> } {
    const known = this.layers.get(name)
    if (known !== undefined) return known
    const made = { passed: 0, refused: {} }
    this.layers.set(name, made)
    return made
  }
}
