using Akka.Actor;
using Akka.Cluster;

namespace Morag.Failover.Node.Http;

/// <summary>
/// Says when a member of the cluster is gone. Its entities come back on others, but what they had not answered they never will: a
/// call that waits for long would be silent to its end.
/// </summary>
internal sealed class LostMembers : IDisposable
{
    private CancellationTokenSource next = new();

    /// <summary>Cancelled when another member is gone.</summary>
    public CancellationToken Next => Volatile.Read(ref next).Token;

    /// <summary>Those of this system's cluster.</summary>
    public static LostMembers Of(ActorSystem system)
    {
        var lost = new LostMembers();
        system.ActorOf(Props.Create(() => new Watch(lost)), "lost-members");
        return lost;
    }

    public void Dispose() => next.Dispose();

    // The calls that it ends go on elsewhere, and not on the thread of the actor that saw it.
    private void OneIsGone() => _ = Interlocked.Exchange(ref next, new CancellationTokenSource()).CancelAsync();

    private sealed class Watch : UntypedActor
    {
        private readonly Akka.Cluster.Cluster cluster = Akka.Cluster.Cluster.Get(Context.System);
        private readonly LostMembers lost;

        public Watch(LostMembers lost) => this.lost = lost;

        protected override void PreStart() =>
            cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.MemberRemoved));

        protected override void PostStop() => cluster.Unsubscribe(Self);

        protected override void OnReceive(object message)
        {
            if (message is ClusterEvent.MemberRemoved)
            {
                lost.OneIsGone();
            }
        }
    }
}
