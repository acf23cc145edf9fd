using System.Collections.Concurrent;

namespace Morag.Failover.Actors.Hosting;

/// <summary>
/// How many calls each supervisor on this node holds back for an owner that recovers, for operators. Any thread may read it.
/// </summary>
public sealed class HeldCalls : IExtension
{
    private readonly ConcurrentDictionary<string, int> counts = new(StringComparer.Ordinal);

    private HeldCalls()
    {
    }

    /// <summary>The counts of an actor system.</summary>
    public static HeldCalls Of(ActorSystem system) => system.WithExtension<HeldCalls, Provider>();

    /// <summary>The number of calls that the actor at a path holds back; null if it holds back none, or never does.</summary>
    public int? At(ActorPath path) =>
        counts.TryGetValue((path ?? throw new ArgumentNullException(nameof(path))).ToStringWithoutAddress(), out var count) ? count : null;

    internal void Set(ActorPath path, int count)
    {
        if (count == 0)
        {
            _ = counts.TryRemove(path.ToStringWithoutAddress(), out _);
        }
        else
        {
            counts[path.ToStringWithoutAddress()] = count;
        }
    }

    private sealed class Provider : ExtensionIdProvider<HeldCalls>
    {
        public override HeldCalls CreateExtension(ExtendedActorSystem system) => new();
    }
}
