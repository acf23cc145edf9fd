using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.DistributedData;

namespace Morag.Failover.Node.Cluster;

/// <summary>
/// Shares the HTTP addresses of the nodes, so that a client can learn all of them from any node. An announcement goes to all nodes at once,
/// and by gossip to nodes that join later. Those of nodes that have left are removed.
/// </summary>
internal sealed class AnnouncementExchange : UntypedActor
{
    private static readonly LWWDictionaryKey<string, string> Key = new("morag-http-addresses");

    private static readonly WriteAll ToAll = new(TimeSpan.FromSeconds(3));

    private readonly NodeAnnouncements announcements;
    private readonly Akka.Cluster.Cluster cluster = Akka.Cluster.Cluster.Get(Context.System);
    private readonly IActorRef replicator = DistributedData.Get(Context.System).Replicator;
    private readonly IActorRef self = Context.Self;

    public AnnouncementExchange(NodeAnnouncements announcements) => this.announcements = announcements;

    protected override void PreStart()
    {
        replicator.Tell(Dsl.Subscribe(Key, Self));
        cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.MemberRemoved));
        announcements.Announced += Share;
        Share();
    }

    protected override void PostStop()
    {
        announcements.Announced -= Share;
        cluster.Unsubscribe(Self);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case string address:
                Update(known => known.SetItem(cluster.SelfUniqueAddress, MemberId.Of(cluster.SelfUniqueAddress), address));
                break;
            case ClusterEvent.MemberRemoved { Member.UniqueAddress: var gone }:
                Update(known => known.Remove(cluster.SelfUniqueAddress, MemberId.Of(gone)));
                break;
            case Changed changed when changed.Key.Equals(Key):
                announcements.Learn(changed.Get(Key).Entries.ToImmutableDictionary());
                break;
            case IUpdateResponse:
                // Nodes that did not receive it get it by gossip.
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Update(Func<LWWDictionary<string, string>, LWWDictionary<string, string>> change) =>
        replicator.Tell(Dsl.Update(Key, LWWDictionary<string, string>.Empty, ToAll, change));

    /// <summary>Runs on other threads.</summary>
    private void Share()
    {
        if (announcements.Own is { } address)
        {
            self.Tell(address);
        }
    }
}
