using Morag.Failover.Domain.Owners;

namespace Morag.Failover.Actors.Hosting;

/// <summary>The shards that an operator wants on other nodes, until they are there or their time is over. Thread-safe.</summary>
public sealed class ShardMoves : IExtension
{
    /// <summary>How long a move is tried.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(2);

    private readonly Lock changing = new();
    private readonly Dictionary<(string Region, string Shard), (ShardMove Move, TimeSpan Until)> wanted = [];
    private readonly Func<TimeSpan> elapsed;

    internal ShardMoves(Func<TimeSpan> elapsed) => this.elapsed = elapsed;

    /// <summary>The moves of an actor system.</summary>
    public static ShardMoves Of(ActorSystem system) => system.WithExtension<ShardMoves, Provider>();

    /// <summary>Asks for moves. The next rebalancing of the region begins them.</summary>
    public void Ask(MoveShards request)
    {
        ArgumentNullException.ThrowIfNull(request);
        lock (changing)
        {
            foreach (var move in request.Moves)
            {
                wanted[(request.Region, move.Shard)] = (move, elapsed() + Lifetime);
            }
        }
    }

    /// <summary>The shards of a region that must leave their node now.</summary>
    /// <param name="region">The region.</param>
    /// <param name="places">The node on which each shard runs.</param>
    /// <param name="nodes">The nodes that can have shards.</param>
    internal IReadOnlyList<string> Begin(string region, IReadOnlyDictionary<string, string> places, IReadOnlySet<string> nodes)
    {
        lock (changing)
        {
            var mine = wanted.Where(entry => entry.Key.Region == region).ToList();
            foreach (var (key, (move, until)) in mine)
            {
                // It is there, or it cannot get there. A shard without a place is on its way.
                var isThere = places.TryGetValue(key.Shard, out var place) && place == move.To;
                if (until <= elapsed() || isThere || !nodes.Contains(move.To))
                {
                    _ = wanted.Remove(key);
                }
            }

            return [.. wanted.Keys.Where(key => key.Region == region && places.ContainsKey(key.Shard)).Select(key => key.Shard)];
        }
    }

    /// <summary>The node to which a shard that has left its node goes; null if no operator chose one.</summary>
    internal string? TargetOf(string region, string shard)
    {
        lock (changing)
        {
            return wanted.TryGetValue((region, shard), out var entry) && entry.Until > elapsed() ? entry.Move.To : null;
        }
    }

    private sealed class Provider : ExtensionIdProvider<ShardMoves>
    {
        public override ShardMoves CreateExtension(ExtendedActorSystem system) => new(() => system.Scheduler.MonotonicClock);
    }
}
