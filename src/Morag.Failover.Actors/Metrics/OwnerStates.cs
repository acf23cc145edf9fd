using System.Collections.Concurrent;

namespace Morag.Failover.Actors.Metrics;

/// <summary>
/// The last durable states of owners on this node, for gauges. Only owners that are few publish theirs: queue partitions, directory
/// buckets and the owner of alerts. States are immutable, so any thread may read them.
/// </summary>
internal sealed class OwnerStates : IExtension
{
    private readonly ConcurrentDictionary<string, PublishedState> states = new(StringComparer.Ordinal);

    /// <summary>The states of an actor system.</summary>
    public static OwnerStates Of(ActorSystem system) => system.WithExtension<OwnerStates, Provider>();

    /// <summary>The states of one type.</summary>
    public IEnumerable<TState> All<TState>() => states.Values.Select(published => published.State).OfType<TState>();

    /// <summary>Publishes the state of an owner until <see cref="Withdraw"/>.</summary>
    public PublishedState Publish(string owner, object state)
    {
        var published = new PublishedState { State = state };
        states[owner] = published;
        return published;
    }

    /// <summary>Ends the publication, unless a later run of the owner has replaced it.</summary>
    public void Withdraw(string owner, PublishedState published) =>
        states.TryRemove(new KeyValuePair<string, PublishedState>(owner, published));

    /// <summary>The state of one owner. The owner sets it; any thread may read it.</summary>
    internal sealed class PublishedState
    {
        private object state = null!;

        public object State
        {
            get => Volatile.Read(ref state);
            set => Volatile.Write(ref state, value);
        }
    }

    private sealed class Provider : ExtensionIdProvider<OwnerStates>
    {
        public override OwnerStates CreateExtension(ExtendedActorSystem system) => new();
    }
}
