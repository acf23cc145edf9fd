using Akka.Actor;
using Akka.Cluster;

namespace Morag.Failover.Node.Http;

/// <summary>
/// Signals that a member has left the cluster. Its entities restart on other nodes, but they never answer what was pending, so a long
/// poll must be asked again.
/// </summary>
internal sealed class LostMembers : IDisposable
{
    private CancellationTokenSource next = new();

    /// <summary>Cancelled when the next member leaves.</summary>
    public CancellationToken Next => Volatile.Read(ref next).Token;

    /// <summary>Watches the cluster of an actor system.</summary>
    public static LostMembers Of(ActorSystem system)
    {
        var lost = new LostMembers();
        system.ActorOf(Props.Create(() => new Watch(lost)), "lost-members");
        return lost;
    }

    public void Dispose() => next.Dispose();

    // Asynchronous, so that the continuations of the cancelled calls do not run on the actor's thread.
    private void Signal() => _ = Interlocked.Exchange(ref next, new CancellationTokenSource()).CancelAsync();

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
                lost.Signal();
            }
        }
    }
}
