using Morag.Failover.History;

namespace Morag.Failover.Chaos.Faults;

/// <summary>Records from when to when each worker was alive and could reach a node that served.</summary>
internal sealed class ReachRecorder(HistoryRecorder recorder, int nodes, IReadOnlyCollection<string> workers)
{
    private readonly Lock gate = new();
    private readonly HashSet<int> serving = [.. Enumerable.Range(0, nodes)];
    private readonly HashSet<string> living = [.. workers];
    private readonly HashSet<string> reaching = [];
    private bool redisServes = true;

    public void Begin() => Update(static () => { });

    public void NodeServes(int node, bool serves) => Update(() => Set(serving, node, serves));

    public void WorkerLives(string worker, bool lives) => Update(() => Set(living, worker, lives));

    /// <summary>A cluster without Redis hears nobody's heartbeats, because it answers nobody.</summary>
    public void RedisServes(bool serves) => Update(() => redisServes = serves);

    private static void Set<T>(HashSet<T> set, T item, bool isIn) => _ = isIn ? set.Add(item) : set.Remove(item);

    private void Update(Action change)
    {
        lock (gate)
        {
            change();
            foreach (var worker in workers)
            {
                var reaches = redisServes && serving.Count > 0 && living.Contains(worker);
                if (reaches != reaching.Contains(worker))
                {
                    Set(reaching, worker, reaches);
                    recorder.Record(now => new WorkerReach(now, worker, reaches));
                }
            }
        }
    }
}
