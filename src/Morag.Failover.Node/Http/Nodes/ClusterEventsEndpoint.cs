using System.Threading.Channels;
using Akka.Actor;
using Akka.Cluster;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;
using Morag.Failover.Node.Http.Streams;

namespace Morag.Failover.Node.Http.Nodes;

/// <summary><c>GET /cluster/events</c>: the members of the cluster, and then each change, as this node sees it.</summary>
internal static class ClusterEventsEndpoint
{
    public static void MapClusterEvents(this IEndpointRouteBuilder api) => api.MapGet("/cluster/events", Stream)
        .WithTags("Cluster")
        .DescribesStream("Server-sent events: the members and the leader, and then each change of the cluster, as this node sees it");

    private static async Task Stream(HttpContext context, FailoverGateway gateway, ActorSystem system, string? once)
    {
        var endsItself = Rules.Flag(once, "once");
        var stream = Channel.CreateBounded<ServerSentEvent>(gateway.Http.EventBuffer + 1000);
        var props = Props.Create(() => new ClusterEventsActor(stream.Writer, endsItself));
        var actor = system.ActorOf(props, $"cluster-events-{Guid.NewGuid():N}");
        try
        {
            await new ServerSentEvents(context, gateway).Write(stream.Reader);
        }
        finally
        {
            system.Stop(actor);
        }
    }

    /// <summary>Forwards the changes of the cluster to one reader.</summary>
    private sealed class ClusterEventsActor : UntypedActor
    {
        private readonly ChannelWriter<ServerSentEvent> stream;
        private readonly bool once;
        private readonly Akka.Cluster.Cluster cluster = Akka.Cluster.Cluster.Get(Context.System);

        public ClusterEventsActor(ChannelWriter<ServerSentEvent> stream, bool once)
        {
            this.stream = stream;
            this.once = once;
        }

        protected override void PreStart() => cluster.Subscribe(
            Self,
            ClusterEvent.SubscriptionInitialStateMode.InitialStateAsSnapshot,
            typeof(ClusterEvent.IMemberEvent),
            typeof(ClusterEvent.IReachabilityEvent),
            typeof(ClusterEvent.LeaderChanged));

        protected override void PostStop()
        {
            cluster.Unsubscribe(Self);
            stream.TryComplete();
        }

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case ClusterEvent.CurrentClusterState state:
                    Show(state);
                    break;
                case ClusterEvent.IMemberEvent changed:
                    Forward(ClusterChangeNames.Member, changed.Member.Address, WireName.Of(changed.Member.Status));
                    break;
                case ClusterEvent.ReachabilityEvent changed:
                    var what = changed is ClusterEvent.UnreachableMember ? "unreachable" : "reachable";
                    Forward(ClusterChangeNames.Reachability, changed.Member.Address, what);
                    break;
                case ClusterEvent.LeaderChanged { Leader: { } leader }:
                    Forward(ClusterChangeNames.Leader, leader, "leader");
                    break;
                default:
                    Unhandled(message);
                    break;
            }
        }

        private void Show(ClusterEvent.CurrentClusterState state)
        {
            foreach (var member in state.Members)
            {
                Forward(ClusterChangeNames.Member, member.Address, WireName.Of(member.Status));
            }

            foreach (var member in state.Unreachable)
            {
                Forward(ClusterChangeNames.Reachability, member.Address, "unreachable");
            }

            if (state.Leader is { } leader)
            {
                Forward(ClusterChangeNames.Leader, leader, "leader");
            }

            if (once)
            {
                stream.TryWrite(ServerSentEvent.End);
                stream.TryComplete();
                Context.Stop(Self);
            }
        }

        private void Forward(string kind, Address node, string what)
        {
            var change = new ClusterChange { At = Context.System.Scheduler.Now, Node = NodeName.Of(node), What = what };
            if (!stream.TryWrite(ServerSentEvent.Of(kind, change)))
            {
                stream.TryComplete(new ReaderTooSlowException());
                Context.Stop(Self);
            }
        }
    }
}
