/** What was told of places in lines and what became of them, in plain numbers. Places whose people left say nothing and are in none of them. */
export class EstimateCounts {
  /** Places of which a time was told, and that were served; of these, those that were served within the told p50, and within the p90. */
  served = 0
  insideP50 = 0
  insideP90 = 0
  /** Places that were told `likely`, and of these those that were served; the same of `unlikely`. */
  likely = 0
  likelyServed = 0
  unlikely = 0
  unlikelyServed = 0

  /** Takes in what another shard counted. */
  add(other: EstimateCounts): void {
    this.served += other.served
    this.insideP50 += other.insideP50
    this.insideP90 += other.insideP90
    this.likely += other.likely
    this.likelyServed += other.likelyServed
    this.unlikely += other.unlikely
    this.unlikelyServed += other.unlikelyServed
  }
}
