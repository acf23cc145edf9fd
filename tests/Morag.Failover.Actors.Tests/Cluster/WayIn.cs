using Akka.Cluster.Tools.Client;
using Morag.Failover.Actors.Hosting;

namespace Morag.Failover.Actors.Tests.Cluster;

/// <summary>One way to the owners: the regions of a node, or a cluster client.</summary>
public sealed class WayIn
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Func<string, IWireMessage, Task<object>> ask;

    private WayIn(Func<string, IWireMessage, Task<object>> ask) => this.ask = ask;

    public static WayIn OfNode(ActorSystem node)
    {
        var regions = new ShardedRegions(node);
        var byService = new Dictionary<string, IActorRef>
        {
            [FailoverClient.Queues] = regions.Queues,
            [FailoverClient.Coordinators] = regions.Coordinators,
            [FailoverClient.Workers] = regions.Workers,
            [FailoverClient.Directory] = regions.Directory,
        };
        return new WayIn((service, message) => byService[service].Ask<object>(message, Patience));
    }

    public static WayIn OfClient(IActorRef client) =>
        new((service, message) => client.Ask<object>(new ClusterClient.Send(service, message), Patience));

    public async Task<T> AskQueues<T>(IWireMessage message) => Assert.IsType<T>(await ask(FailoverClient.Queues, message));

    public async Task<T> AskCoordinators<T>(IWireMessage message) => Assert.IsType<T>(await ask(FailoverClient.Coordinators, message));

    public async Task<T> AskWorkers<T>(IWireMessage message) => Assert.IsType<T>(await ask(FailoverClient.Workers, message));

    public async Task<T> AskDirectory<T>(IWireMessage message) => Assert.IsType<T>(await ask(FailoverClient.Directory, message));
}
