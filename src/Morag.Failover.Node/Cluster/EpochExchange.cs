using System.Collections.Immutable;
using System.Globalization;
using Akka.Actor;
using Akka.Cluster;
using Akka.DistributedData;
using Morag.Failover.Node.Stores;

namespace Morag.Failover.Node.Cluster;

/// <summary>
/// Shares the recorded epochs among nodes, so that the next owner of a partition knows them even if Redis has lost them. An update goes to
/// all nodes at once, and by gossip to nodes that are unreachable or join later.
/// </summary>
internal sealed class EpochExchange : UntypedActor
{
    private static readonly LWWDictionaryKey<string, long> Key = new("morag-epochs");

    private static readonly WriteAll ToAll = new(TimeSpan.FromSeconds(5));

    private readonly EpochRecord record;
    private readonly UniqueAddress node = Akka.Cluster.Cluster.Get(Context.System).SelfUniqueAddress;
    private readonly IActorRef replicator = DistributedData.Get(Context.System).Replicator;
    private readonly IActorRef self = Context.Self;

    public EpochExchange(EpochRecord record) => this.record = record;

    protected override void PreStart()
    {
        replicator.Tell(Dsl.Subscribe(Key, Self));
        record.Recorded += Share;
        foreach (var (partition, epoch) in record.All)
        {
            Share(partition, epoch);
        }
    }

    protected override void PostStop() => record.Recorded -= Share;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Recorded(var partition, var epoch):
                var name = partition.ToString(CultureInfo.InvariantCulture);
                replicator.Tell(Dsl.Update(
                    Key,
                    LWWDictionary<string, long>.Empty,
                    ToAll,
                    known => known.TryGetValue(name, out var highest) && highest >= epoch
                        ? known
                        : known.SetItem(node, name, epoch, HighestWins)));
                break;
            case Changed changed when changed.Key.Equals(Key):
                record.Learn(changed.Get(Key).Entries.ToImmutableDictionary(
                    entry => int.Parse(entry.Key, CultureInfo.InvariantCulture), entry => entry.Value));
                break;
            case IUpdateResponse:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>Runs on other threads.</summary>
    private void Share(int partition, long epoch) => self.Tell(new Recorded(partition, epoch));

    private static long HighestWins(long currentTimestamp, long value) => value;

    private sealed record Recorded(int Partition, long Epoch);
}
